//! What is decided, on rows alone: no clock, no random source, no socket.
