//! The two drivers behind one type, the statements' registry, transactions and migrations.
//! What the statements say lives in the nouns' files of `store`.
