//! How bad the network, the devices and the calendar are.

/// How often each event happens, in relation to the others, and how far it goes.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    /// Its name, for the trace.
    pub name: &'static str,
    /// Events before all faults stop.
    pub events: u32,
    /// A side sends a message.
    pub send: u32,
    /// Mail is delivered.
    pub deliver: u32,
    /// A side sends several messages that are lost.
    pub burst: u32,
    /// Most messages in a burst.
    pub burst_length: u32,
    /// An envelope comes once more, to its recipient or to its own sender.
    pub replay: u32,
    /// An altered envelope comes.
    pub alter: u32,
    /// A process ends and another reads its store.
    pub restart: u32,
    /// A process is killed after opening and before its store was written.
    pub crash: u32,
    /// Time passes.
    pub wait: u32,
    /// Most hours of such a wait.
    pub wait_hours: u64,
    /// A side gives up its sending session.
    pub retire: u32,
    /// A side loses its sessions.
    pub forget: u32,
    /// In a hundred, envelopes that are lost.
    pub loss: u32,
    /// In a hundred, deliveries that overtake others.
    pub overtake: u32,
    /// In a hundred, deliveries that leave a copy in the mail.
    pub copy: u32,
}

impl Weather {
    /// Little goes wrong.
    pub const FAIR: Self = Self {
        name: "fair",
        events: 120,
        send: 40,
        deliver: 50,
        burst: 0,
        burst_length: 1,
        replay: 2,
        alter: 2,
        restart: 4,
        crash: 2,
        wait: 5,
        wait_hours: 4,
        retire: 1,
        forget: 0,
        loss: 3,
        overtake: 10,
        copy: 3,
    };

    /// Loss, disorder, copies and alterations all the time.
    pub const STORM: Self = Self {
        name: "storm",
        events: 150,
        burst: 4,
        burst_length: 30,
        replay: 15,
        alter: 15,
        restart: 8,
        crash: 8,
        retire: 3,
        loss: 30,
        overtake: 60,
        copy: 30,
        ..Self::FAIR
    };

    /// Days and weeks pass between messages: keys and sessions die.
    pub const SILENCE: Self = Self {
        name: "silence",
        wait: 18,
        wait_hours: 24 * 30,
        replay: 10,
        retire: 6,
        loss: 15,
        overtake: 50,
        copy: 20,
        ..Self::FAIR
    };

    /// More messages are lost than a session may skip.
    pub const CHASM: Self = Self {
        name: "chasm",
        events: 60,
        burst: 12,
        burst_length: 1_200,
        wait: 6,
        wait_hours: 24 * 15,
        overtake: 40,
        ..Self::FAIR
    };

    /// Devices lose their sessions, and give them up, again and again.
    pub const AMNESIA: Self = Self {
        name: "amnesia",
        retire: 8,
        forget: 5,
        loss: 20,
        overtake: 50,
        copy: 20,
        replay: 12,
        ..Self::FAIR
    };
}
