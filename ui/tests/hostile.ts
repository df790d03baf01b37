/** 500 strings that would run as script if any of them were ever parsed as markup (W-10). */

const PAYLOADS = ["__hit()", "window.__hit()", "parent.__hit()", "top['__hit']()", "setTimeout('__hit()')", "eval('__hit()')", "import('data:text/javascript,__hit()')", "self.__hit``", "Function('__hit()')()", "[].map.call([1],__hit)"];
const SHAPES: ((js: string) => string)[] = [
  (js) => `<script>${js}</script>`, (js) => `<img src=x onerror=${js}>`, (js) => `<img src=x onerror="${js}">`, (js) => `<svg onload=${js}>`, (js) => `<svg><script>${js}</script></svg>`,
  (js) => `<body onload=${js}>`, (js) => `<iframe src="javascript:${js}">`, (js) => `<iframe srcdoc="<script>${js}</script>">`, (js) => `<a href="javascript:${js}">x</a>`, (js) => `javascript:${js}`,
  (js) => `" onmouseover="${js}`, (js) => `' onfocus='${js}' autofocus='`, (js) => `"><script>${js}</script>`, (js) => `'><img src=x onerror=${js}>`, (js) => `</script><script>${js}</script>`,
  (js) => `</title><script>${js}</script>`, (js) => `</style><script>${js}</script>`, (js) => `</textarea><script>${js}</script>`, (js) => `<!--><script>${js}</script-->`, (js) => `<math><mtext></mtext><script>${js}</script></math>`,
  (js) => `<input autofocus onfocus=${js}>`, (js) => `<details open ontoggle=${js}>`, (js) => `<video><source onerror=${js}></video>`, (js) => `<audio src=x onerror=${js}>`, (js) => `<object data="javascript:${js}">`,
  (js) => `<embed src="javascript:${js}">`, (js) => `<form action="javascript:${js}"><button>x</button></form>`, (js) => `<button formaction="javascript:${js}">x</button>`, (js) => `<meta http-equiv=refresh content="0;url=javascript:${js}">`, (js) => `<base href="javascript:${js}//">`,
  (js) => `<link rel=stylesheet href="javascript:${js}">`, (js) => `<style>@import "javascript:${js}"</style>`, (js) => `<div style="background:url(javascript:${js})">`, (js) => `<marquee onstart=${js}>`, (js) => `<select onfocus=${js} autofocus>`,
  (js) => `{@html "<script>${js}</script>"}`, (js) => `{${js}}`, (js) => `\${${js}}`, (js) => `{{constructor.constructor('${js}')()}}`, (js) => `<template><script>${js}</script></template>`,
  (js) => `<svg><animate onbegin=${js} attributeName=x dur=1s>`, (js) => `<svg><a xlink:href="javascript:${js}"><text>x</text></a></svg>`, (js) => `<noscript><p title="</noscript><script>${js}</script>">`, (js) => `<isindex action=javascript:${js}>`, (js) => `<x onclick=${js} tabindex=1>x</x>`,
  (js) => `%3Cscript%3E${js}%3C/script%3E`, (js) => `&lt;script&gt;${js}&lt;/script&gt;`, (js) => `\\u003cscript\\u003e${js}\\u003c/script\\u003e`, (js) => `<scr\u0000ipt>${js}</scr\u0000ipt>`, (js) => `\u202e<script>${js}</script>\u2066`,
];

export const HOSTILE: string[] = SHAPES.flatMap((shape) => PAYLOADS.map(shape));
