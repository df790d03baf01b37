/** The door of the app: Tauri's invoke and events. Nothing else imports @tauri-apps/api. */

import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { Commands, Door, Events } from "./index";

export const tauri: Door = {
  call: <K extends keyof Commands>(name: K, request: Commands[K][0]) => invoke<Commands[K][1]>(name, { request }),
  listen: <E extends keyof Events>(name: E, heard: (payload: Events[E]) => void) =>
    listen<Events[E]>(name, (event) => heard(event.payload)),
};
