//! What leaves the program, as text: explanations, tables, JSON. No I/O.
