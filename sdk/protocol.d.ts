/** What travels over the WebSocket, as docs/protocol.md has it. Names are the protocol's (snake_case). */

export type Source = "microphone" | "camera" | "screen" | "canvas";
export type SlotUse = "audio" | "video" | "screen";

export interface TrackInfo {
  track_id: string;
  source: Source;
  kind: "audio" | "video";
  muted: boolean;
  /** Only in the list of one's own tracks. */
  mid?: string;
}

export interface ParticipantInfo {
  client_id: string;
  name: string;
  role: string;
  user_ref?: string | null;
  data?: Record<string, unknown>;
  tracks: TrackInfo[];
  /** UTC, ISO 8601. */
  joined_at?: string;
  reconnecting?: boolean;
  /** What a moderator took from this one. */
  hard_muted?: ("audio" | "video")[];
}

export interface SlotInfo {
  slot_id: string;
  mid: string;
  use: SlotUse;
  index: number;
  client_id: string | null;
  track_id: string | null;
}

export interface ActiveTalker {
  client_id: string;
  speaking: boolean;
}

export interface RoomInfo {
  room_id: string;
  name: string;
  settings: Record<string, unknown>;
  data?: Record<string, unknown>;
}

export interface Permissions {
  publish: boolean;
  subscribe: boolean;
  record: boolean;
  stats: boolean;
  controlhandlers: boolean;
}

export interface NegotiateResult {
  answer: string;
  tracks: TrackInfo[];
  slots: SlotInfo[];
  /** M-lines that were answered with port 0. */
  refused?: { mid: string; reason: string }[];
}

export interface RoomState {
  hard_muted: boolean;
  locked: boolean;
  pinned: string[];
  spotlighted: string[];
  mode: "group" | "lecture";
  raisedHands: string[];
  approvedHands: string[];
  extendable: boolean;
  recording?: boolean;
  live_recording?: boolean;
}

/** The session as one participant sees it. */
export interface SessionInfo {
  client_id: string;
  conf_num: string;
  role: string;
  permissions: Permissions;
  participants: ParticipantInfo[];
  active_talkers?: ActiveTalker[];
  tracks?: TrackInfo[];
  slots?: SlotInfo[];
  hard_muted?: ("audio" | "video")[];
  room_state?: RoomState;
  /** What one waits for; null for who is in. */
  awaited?: "approval" | "moderator" | null;
  /** Those who wait for approval; moderators only. */
  awaitedParticipants?: { clientId: string; name: string }[];
}

export interface JoinResult extends SessionInfo, Pick<Partial<NegotiateResult>, "refused"> {
  /** null without an offer, for who has to wait, and after a resumption. */
  answer?: string | null;
  room: RoomInfo;
  resume_token: string;
  /** Seconds. */
  resume_grace: number;
  ice_servers?: (string | RTCIceServer)[];
  /** Seconds; null for a session without an end of its own. */
  time_left?: number | null;
}

export type MediaUse = Source | "audio-slot" | "video-slot" | "screen-slot";

export interface MediaEntry {
  mid: string;
  use: MediaUse;
  max_height?: number | null;
  muted?: boolean;
}
