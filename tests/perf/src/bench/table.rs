//! The figures: lines for people while they come, JSON at the end.

use serde_json::{Value, json};

#[derive(Default)]
pub(crate) struct Table(Vec<Value>);

impl Table {
    pub(crate) fn row(&mut self, id: &str, what: &str, figure: f64, floor: f64, goal: f64) {
        let ratio = figure / floor;
        eprintln!("{id:<4} {what:<64} {figure:>9.2} / {floor:>8.2} = {ratio:>6.2}   goal {goal}");
        self.0.push(
            json!({ "id": id, "what": what, "figure": figure, "floor": floor, "ratio": ratio, "goal": goal }),
        );
    }

    pub(crate) fn figure(&mut self, id: &str, what: &str, figure: f64) {
        eprintln!("{id:<4} {what:<64} {figure:>9.2}");
        self.0.push(json!({ "id": id, "what": what, "figure": figure }));
    }

    pub(crate) fn print(&self) {
        println!("{}", Value::Array(self.0.clone()));
    }
}
