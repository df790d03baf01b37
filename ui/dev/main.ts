import { mount } from "svelte";
import App from "../src/App.svelte";
import { install } from "../src/host";
import "../src/kit/base.css";
import { drive } from "./drive";
import { fixture } from "./fixture";
import Gallery from "./Gallery.svelte";

const asked = new URLSearchParams(location.search);
document.documentElement.dataset.theme = asked.get("theme") === "dark" ? "dark" : "light";
install(fixture(asked));
const target = document.getElementById("app");
if (target) mount(asked.has("gallery") ? Gallery : App, { target });

const script = asked.get("do");
if (script) void drive(script);
