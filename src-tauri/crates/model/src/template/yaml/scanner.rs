//! A scanner of YAML that knows just enough to say what a reference stands in.
//!
//! It follows indentation, flow brackets, quotes, plain scalars over several lines, block scalars and comments. Where
//! a file is no YAML it may say anything, but then it errs to the side on which values are escaped or refused.

use super::Place;
use crate::template::place::{self, Cursor, Found, REFERENCE, Symbol, is_blank, is_break, is_space};

const IN_PROPERTY: &str = "a tag, anchor, alias or directive of YAML cannot hold a reference";
const IN_HEADER: &str = "the first line of a block scalar cannot hold a reference";
const AFTER_SCALAR: &str = "a reference cannot follow a closed scalar of YAML; put it inside the quotes";

/// What each reference stands in.
pub(in crate::template) fn places(symbols: &[Symbol]) -> Vec<Found> {
    let cursor = Cursor::new(symbols);
    let line_start = cursor.at;
    let mut scanner = Scanner {
        cursor,
        line_start,
        parent: -1,
        flow: 0,
        node: None,
        closed: false,
        found: Vec::new(),
    };
    while !scanner.cursor.done() {
        scanner.step();
    }
    scanner.found
}

struct Scanner<'symbols> {
    cursor: Cursor<'symbols>,
    /// The index of the first symbol of this line.
    line_start: usize,
    /// The column of the innermost open key or dash: what belongs to it is indented by more. -1 at the top.
    parent: isize,
    /// How many flow brackets are open.
    flow: usize,
    /// The line and the column at which the node that is being read began: with its tag, anchor, quote or bracket.
    node: Option<(usize, usize)>,
    /// A quoted scalar or a flow collection has just ended.
    closed: bool,
    found: Vec<Found>,
}

impl Scanner<'_> {
    fn found_in(&mut self, place: Place) {
        self.found.push(Ok(place::Place::Yaml(place)));
    }

    fn column(&self) -> usize {
        self.cursor.at - self.line_start
    }

    /// Notes where a node begins, unless its tag or anchor has done so on this line.
    fn begin_node(&mut self) {
        if self.flow == 0 && self.node.is_none_or(|(line, _)| line != self.line_start) {
            self.node = Some((self.line_start, self.column()));
        }
    }

    /// At a `:`: the node before it on this line is a key, and what belongs to it is indented by more.
    fn open_key(&mut self) {
        let key = self.node.filter(|&(line, _)| line == self.line_start);
        self.open_at(key.map_or(self.column(), |(_, column)| column));
    }

    fn open_at(&mut self, column: usize) {
        if self.flow == 0 {
            self.parent = isize::try_from(column).unwrap_or(isize::MAX);
            self.node = None;
        }
    }

    /// Moves on by one symbol and knows where lines start.
    fn advance(&mut self) {
        if self.ends_line(self.cursor.at) {
            self.line_start = self.cursor.at + 1;
        }
        self.cursor.at += 1;
    }

    /// True for the last symbol of a line: a line feed, or a carriage return without one.
    fn ends_line(&self, index: usize) -> bool {
        let is = |index, byte: u8| self.cursor.symbol(index) == Symbol::from(byte);
        is(index, b'\n') || (is(index, b'\r') && !is(index + 1, b'\n'))
    }

    fn is_flow_indicator(&self, symbol: Symbol) -> bool {
        self.flow > 0 && b",[]{}".iter().any(|&b| symbol == Symbol::from(b))
    }

    fn at_document_marker(&self) -> bool {
        self.column() == 0
            && (self.cursor.starts_with("---") || self.cursor.starts_with("..."))
            && is_space(self.cursor.peek(3))
    }

    /// Reads one token where a node, an indicator or blank space may stand.
    fn step(&mut self) {
        let next = self.cursor.peek(0);
        let is_indicator = is_space(self.cursor.peek(1));
        if is_space(next) {
            self.closed &= self.flow > 0 || !is_break(next);
            self.advance();
            return;
        }
        if self.at_document_marker() {
            self.cursor.at += 3;
            (self.parent, self.flow, self.closed) = (-1, 0, false);
            return;
        }
        match u8::try_from(next).unwrap_or(0) {
            b'#' if is_space(self.cursor.before()) => self.take_comment(),
            b'%' if self.column() == 0 && self.flow == 0 => {
                while !is_break(self.cursor.peek(0)) {
                    self.refuse_reference(IN_PROPERTY);
                    self.advance();
                }
            }
            b'"' | b'\'' => self.take_quoted(),
            b'|' | b'>' if self.flow == 0 => self.take_block(),
            b'[' | b'{' => {
                self.begin_node();
                self.flow += 1;
                self.closed = false;
                self.advance();
            }
            b']' | b'}' if self.flow > 0 => {
                self.flow -= 1;
                self.closed = true;
                self.advance();
            }
            b',' if self.flow > 0 => {
                self.closed = false;
                self.advance();
            }
            b':' if is_indicator || self.closed => {
                self.open_key();
                self.closed = false;
                self.advance();
            }
            b'-' | b'?' if is_indicator => {
                self.open_at(self.column());
                self.closed = false;
                self.advance();
            }
            b'&' | b'!' | b'*' => {
                self.begin_node();
                while !is_space(self.cursor.peek(0)) && !self.is_flow_indicator(self.cursor.peek(0)) {
                    self.refuse_reference(IN_PROPERTY);
                    self.advance();
                }
            }
            _ => self.take_plain(),
        }
    }

    fn refuse_reference(&mut self, reason: &'static str) {
        if self.cursor.peek(0) == REFERENCE {
            self.found.push(Err(reason));
        }
    }

    fn take_comment(&mut self) {
        while !is_break(self.cursor.peek(0)) {
            if self.cursor.peek(0) == REFERENCE {
                self.found_in(Place::Comment);
            }
            self.advance();
        }
    }

    fn take_quoted(&mut self) {
        let quote = self.cursor.peek(0);
        let is_double = self.cursor.is(b'"');
        let start_line = self.line_start;
        self.begin_node();
        self.advance();
        while !self.cursor.done() {
            let symbol = self.cursor.peek(0);
            if symbol == REFERENCE {
                let at_fold = self.is_beside_break(start_line);
                self.found_in(if is_double {
                    Place::Double { at_fold }
                } else {
                    Place::Single { at_fold }
                });
            } else if is_double && self.cursor.is(b'\\') && self.cursor.peek(1) != REFERENCE {
                self.advance();
            } else if symbol == quote {
                if is_double || self.cursor.peek(1) != quote {
                    self.advance();
                    break;
                }
                self.advance();
            }
            self.advance();
        }
        self.closed = true;
    }

    /// True when only blanks stand between the reference and a line break of the scalar that began on `start_line`.
    fn is_beside_break(&self, start_line: usize) -> bool {
        let leads = self.line_start != start_line
            && (self.line_start..self.cursor.at).all(|index| is_blank(self.cursor.symbol(index)));
        let mut ahead = 1;
        while is_blank(self.cursor.peek(ahead)) {
            ahead += 1;
        }
        leads || is_break(self.cursor.peek(ahead))
    }

    fn take_plain(&mut self) {
        let is_misplaced = self.closed;
        self.closed = false;
        let start = self.cursor.at;
        self.begin_node();
        // The references in the scalar, each with whether it stands first on its line.
        let mut references = Vec::new();
        let mut end = start;
        let mut is_line_start = true;
        loop {
            let symbol = self.cursor.peek(0);
            let ends_key = self.cursor.is(b':')
                && (is_space(self.cursor.peek(1)) || self.is_flow_indicator(self.cursor.peek(1)));
            let is_comment = self.cursor.is(b'#') && is_space(self.cursor.before());
            if ends_key {
                self.open_key();
                self.advance();
                break;
            }
            if is_comment || self.is_flow_indicator(symbol) {
                break;
            }
            if is_break(symbol) {
                if self.continue_plain() {
                    is_line_start = true;
                    continue;
                }
                break;
            }
            if symbol == REFERENCE {
                references.push(is_line_start);
            }
            is_line_start &= is_blank(symbol);
            self.advance();
            if !is_blank(symbol) {
                end = self.cursor.at;
            }
        }
        self.node = None;
        let is_whole = references.len() == 1 && end == start + 1;
        let in_flow = self.flow > 0;
        for at_start in references {
            if is_misplaced {
                self.found.push(Err(AFTER_SCALAR));
            } else if is_whole {
                self.found_in(Place::Whole);
            } else {
                self.found_in(Place::Plain { at_start, in_flow });
            }
        }
    }

    /// At a line break inside a plain scalar: moves to its next line if it has one, else stays.
    fn continue_plain(&mut self) -> bool {
        let mut index = self.cursor.at;
        let mut line_start = self.line_start;
        while is_space(self.cursor.symbol(index)) {
            if self.ends_line(index) {
                line_start = index + 1;
            }
            if self.cursor.symbol(index) == place::END {
                return false;
            }
            index += 1;
        }
        let here = (self.cursor.at, self.line_start);
        (self.cursor.at, self.line_start) = (index, line_start);
        let indent = isize::try_from(self.column()).unwrap_or(isize::MAX);
        let ends = self.cursor.is(b'#')
            || line_start == here.1
            || self.at_document_marker()
            || if self.flow > 0 {
                self.is_flow_indicator(self.cursor.peek(0))
                    || (self.cursor.is(b':') && is_space(self.cursor.peek(1)))
            } else {
                indent <= self.parent
            };
        if ends {
            (self.cursor.at, self.line_start) = here;
        }
        !ends
    }

    fn take_block(&mut self) {
        let is_literal = self.cursor.is(b'|');
        let mut given = None;
        let mut in_comment = false;
        while !is_break(self.cursor.peek(0)) {
            in_comment |= self.cursor.is(b'#');
            if in_comment && self.cursor.peek(0) == REFERENCE {
                self.found_in(Place::Comment);
            }
            if !in_comment {
                self.refuse_reference(IN_HEADER);
                let digit = u8::try_from(self.cursor.peek(0)).ok().filter(u8::is_ascii_digit);
                given = given.or(digit.map(|d| usize::from(d - b'0')));
            }
            self.advance();
        }
        self.take_break();
        let outer = usize::try_from(self.parent).unwrap_or(0);
        let mut indent = given.map(|given| outer + given);
        while !self.cursor.done() && self.take_block_line(is_literal, &mut indent) {}
    }

    /// Takes one line of a block scalar; false when the line does not belong to it.
    fn take_block_line(&mut self, is_literal: bool, indent: &mut Option<usize>) -> bool {
        let mut spaces = 0;
        while self.cursor.peek(spaces) == Symbol::from(b' ') {
            spaces += 1;
        }
        if !is_break(self.cursor.peek(spaces)) {
            let is_inside = isize::try_from(spaces).unwrap_or(isize::MAX) > self.parent;
            if self.at_document_marker() || !is_inside || indent.is_some_and(|indent| spaces < indent) {
                return false;
            }
            let indent = *indent.get_or_insert(spaces);
            let first = self.cursor.at + spaces;
            while !is_break(self.cursor.peek(0)) {
                if self.cursor.peek(0) == REFERENCE {
                    self.found_in(Place::Block {
                        is_literal,
                        indent,
                        at_start: self.cursor.at == first,
                    });
                }
                self.advance();
            }
        } else {
            self.cursor.at += spaces;
        }
        self.take_break();
        true
    }

    /// Moves behind a line break.
    fn take_break(&mut self) {
        if self.cursor.is(b'\r') && self.cursor.peek(1) == Symbol::from(b'\n') {
            self.advance();
        }
        self.advance();
    }
}
