/** What the server says of a session to Eve, for tests that join through a fake socket. */

export const PERMISSIONS = { publish: true, subscribe: true, record: false, stats: true, controlhandlers: true };

export const STATE = {
  hard_muted: false,
  locked: false,
  pinned: [],
  spotlighted: [],
  mode: "group",
  raisedHands: [],
  approvedHands: [],
  extendable: false,
  recording: false,
  live_recording: false,
};

export const session = (changes = {}) => ({
  client_id: "eve",
  conf_num: "CONF-1",
  role: "participant",
  permissions: PERMISSIONS,
  participants: [],
  tracks: [],
  slots: [],
  active_talkers: [],
  hard_muted: [],
  room_state: STATE,
  awaited: null,
  awaitedParticipants: [],
  ...changes,
});

export const joinResult = (changes) => ({
  ...session(changes),
  room: { room_id: "r", name: "Weekly", settings: {} },
  time_left: changes?.time_left ?? null,
  resume_token: "resume",
  resume_grace: 30,
  answer: changes?.answer ?? null,
  refused: [],
});
