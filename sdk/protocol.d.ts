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
  data?: unknown;
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

export interface JoinResult extends Omit<Partial<NegotiateResult>, "answer"> {
  /** null without an offer, and after a resumption. */
  answer?: string | null;
  client_id: string;
  room: RoomInfo;
  conf_num: string;
  role: string;
  permissions: Permissions;
  participants: ParticipantInfo[];
  resume_token: string;
  /** Seconds. */
  resume_grace: number;
  active_talkers?: ActiveTalker[];
  ice_servers?: (string | RTCIceServer)[];
}

export type MediaUse = Source | "audio-slot" | "video-slot" | "screen-slot";

export interface MediaEntry {
  mid: string;
  use: MediaUse;
  max_height?: number | null;
  muted?: boolean;
}
