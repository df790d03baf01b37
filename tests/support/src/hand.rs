//! A hand with a mouse: what clicks and keys of a window do not reach.

use serde_json::{Value, json};

use crate::Trouble;
use crate::webdriver::{ELEMENT, Element, Window};

/// So many moves are one drag.
const STEPS: i64 = 12;
/// So many pixels beyond: nobody lets go on the very middle.
const BEYOND: i64 = 6;

impl Window {
    /// Takes hold of the middle of one element and lets go a little beyond where the middle of another was, as a hand with
    /// a mouse does: by steps.
    ///
    /// # Errors
    /// When one of them is gone, or the driver cannot move the pointer.
    pub fn drag(&self, from: &Element, to: &Element) -> Result<(), Trouble> {
        let pointer = |acts: Value| {
            let mouse = json!({ "type": "pointer", "id": "hand", "parameters": { "pointerType": "mouse" }, "actions": acts });
            self.post("/actions", &json!({ "actions": [mouse] })).map(drop)
        };
        let move_to = |x: i64, y: i64| json!({ "type": "pointerMove", "duration": 20, "origin": "viewport", "x": x, "y": y });
        let (start, end) = (self.middle(from)?, self.middle(to)?);
        let beyond = |a: i64, b: i64| b + BEYOND * (b - a).signum();
        let end = (beyond(start.0, end.0), beyond(start.1, end.1));
        pointer(json!([move_to(start.0, start.1), { "type": "pointerDown", "button": 0 }]))?;
        for step in 1..=STEPS {
            let along = |a: i64, b: i64| a + (b - a) * step / STEPS;
            pointer(json!([move_to(along(start.0, end.0), along(start.1, end.1))]))?;
        }
        pointer(json!([{ "type": "pointerUp", "button": 0 }]))?;
        self.delete("/actions")
    }

    /// Where the middle of an element is in the window.
    fn middle(&self, element: &Element) -> Result<(i64, i64), Trouble> {
        let place = self.script(
            "const r = arguments[0].getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2].map(Math.round)",
            &[json!({ ELEMENT: element.0 })],
        )?;
        match (place[0].as_i64(), place[1].as_i64()) {
            (Some(x), Some(y)) => Ok((x, y)),
            _ => Err(format!("no place: {place}").into()),
        }
    }
}
