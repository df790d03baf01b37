import { mount } from "svelte";
import App from "./App.svelte";
import { install } from "./host";
import { tauri } from "./host/tauri";
import "./kit/base.css";

install(tauri);
const target = document.getElementById("app");
if (target) mount(App, { target });
