//! A small mutator with a fixed seed: what it made once, it makes again.

/// The longest input it makes, in bytes.
const LONGEST: usize = 8 * 1024;

pub struct Mutator {
    state: u64,
    corpus: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
}

impl Mutator {
    pub fn new(seed: u64, corpus: Vec<Vec<u8>>, words: &[&str]) -> Self {
        let words = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        Self {
            state: seed,
            corpus,
            words,
        }
    }

    /// One to eight changes of one input of the corpus.
    pub fn next(&mut self) -> Vec<u8> {
        let pick = self.below(self.corpus.len());
        let mut input = self.corpus[pick].clone();
        for _ in 0..=self.below(8) {
            self.change(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        match self.below(10) {
            0 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
            1 => {
                let any = self.byte();
                if let Some(byte) = input.get_mut(at) {
                    *byte = any;
                }
            }
            2 => {
                let any = self.byte();
                input.insert(at, any);
            }
            3 | 4 => {
                let word = self.below(self.words.len());
                input.splice(at..at, self.words[word].clone());
            }
            5 => {
                // A word over what is there.
                let word = self.below(self.words.len());
                let end = (at + self.words[word].len()).min(input.len());
                input.splice(at..end, self.words[word].clone());
            }
            6 => {
                let range = self.range(input.len());
                input.drain(range);
            }
            7 => {
                let range = self.range(input.len());
                let copy = input[range].to_vec();
                for _ in 0..=self.below(4) {
                    input.splice(at..at, copy.clone());
                }
            }
            8 => input.truncate(at),
            _ => {
                let other = self.below(self.corpus.len());
                let range = self.range(self.corpus[other].len());
                let part = self.corpus[other][range].to_vec();
                input.splice(at..at, part);
            }
        }
        input.truncate(LONGEST);
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let (one, two) = (self.below(length + 1), self.below(length + 1));
        one.min(two)..one.max(two)
    }

    /// Any byte, the odd ones more often.
    fn byte(&mut self) -> u8 {
        const ODD: [u8; 16] = *b"\0\n\r\t \"'\\%&<>{}\x7f\xff";
        match self.below(2) {
            0 => ODD[self.below(ODD.len())],
            _ => u8::try_from(self.below(256)).unwrap_or(0),
        }
    }

    /// From 0 up to, not including, `end`.
    fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let drawn = self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(drawn).unwrap_or(0) % end
    }
}
