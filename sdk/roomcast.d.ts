/** The public types of the roomcast SDK. */

import type { Permissions, SlotUse, Source } from "./protocol.d.ts";

export type { Permissions, SlotUse, Source } from "./protocol.d.ts";

export const VERSION: string;

/** `true` for a sensible default, constraints for something else, or a track of one's own. */
export type MediaRequest = boolean | MediaTrackConstraints | MediaStreamTrack;

export interface JoinOptions {
  /** The microphone. Nothing is published when left out. */
  audio?: MediaRequest;
  /** The camera. Nothing is published when left out. */
  video?: MediaRequest;
  /** A screen captured already; `room.shareScreen()` asks for one later. */
  screen?: MediaStreamTrack | null;
  /** Shown to the others, where the token does not fix it. */
  name?: string;
  /** Custom data about this participant, seen by the others as `participant.data`. */
  data?: Record<string, unknown>;
  /** How many people can be heard and seen, and screens seen, at once. Default: 5, 16, 2. */
  slots?: { audio?: number; video?: number; screen?: number };
  /** The height, in pixels, that video slots begin with; see `room.setMaxHeight`. */
  maxHeight?: number;
  /** Sources that begin muted. */
  muted?: readonly Source[];
  /** Hand over the tracks given here: the SDK closes them when they are muted or the room is left. */
  adoptTracks?: boolean;
  /** In which cameras and screens are sent. Default "VP8", which every browser can decode. */
  videoCodec?: "VP8" | "VP9" | "H264" | "AV1";
  /** Another implementation of WebSocket, for tests. */
  WebSocketClass?: typeof WebSocket;
}

export const Roomcast: {
  /**
   * Joins a room. Resolves when the server let this participant in and the media connection is agreed; where one has
   * to be let in first it resolves, too, with `room.state` "awaiting", and `room-allowed` follows.
   *
   * @throws {MediaError} the camera or the microphone could not be opened
   * @throws {ConnectionError} the server could not be reached
   * @throws {RequestError} the server refused: `token-used`, `token-expired`, `token-invalid`, `room-full`, …
   */
  join(url: string | URL, token: string, options?: JoinOptions): Promise<Room>;
};

/** `on` returns the function that takes the listener off. */
export interface Emitter<Events> {
  on<Type extends keyof Events>(type: Type, listener: (event: Events[Type]) => void): () => void;
  once<Type extends keyof Events>(type: Type, listener: (event: Events[Type]) => void): () => void;
  off<Type extends keyof Events>(type: Type, listener: (event: Events[Type]) => void): void;
}

/** A track of somebody else, as the server lists it. */
export interface RemoteTrack {
  trackId: string;
  source: Source;
  kind: "audio" | "video";
  muted: boolean;
}

/** Somebody else in the room. */
export interface Participant {
  readonly clientId: string;
  name: string;
  role: string;
  /** The application's own name for this person. */
  userRef: string | null;
  data: Record<string, unknown>;
  /** What they publish, by track id. */
  tracks: Map<string, RemoteTrack>;
  speaking: boolean;
  /** Their connection was lost, and they may be back in a moment. */
  reconnecting: boolean;
  /** What a moderator took from them. */
  hardMuted: ReadonlySet<"audio" | "video">;
  track(source: Source): RemoteTrack | null;
  /** Whether something of theirs can be seen or heard from this source now. */
  sends(source: Source): boolean;
}

/** One incoming stream. Who is in it changes; the stream stays. */
export interface Slot extends Emitter<{ changed: Slot }> {
  readonly use: SlotUse;
  readonly index: number;
  slotId: string;
  /** Audio slot k and video slot k share one stream, which has picture and sound in step. */
  readonly stream: MediaStream;
  /** The picture or the sound of this slot alone. A new peer connection brings a new one. */
  mediaTrack: MediaStreamTrack | null;
  clientId: string | null;
  trackId: string | null;
  readonly participant: Participant | null;
}

/** Something of one's own that is published. */
export interface LocalTrack {
  readonly source: Source;
  readonly kind: "audio" | "video";
  /** Replaced when the device is switched, or was closed while muted and is opened again. */
  mediaTrack: MediaStreamTrack;
  /** Nothing of it is sent. */
  muted: boolean;
  trackId: string | null;
}

/** `ended`: the device was taken away or its use withdrawn; `refused`: the server does not let one publish it. */
export type LocalTrackChange = "published" | "unpublished" | "muted" | "unmuted" | "replaced" | "ended" | "refused";

/** What of a layer exceeds the room's quality. `rid` is empty without simulcast. */
export interface LimitedLayer {
  rid: string;
  reason: "resolution" | "bitrate";
}

interface Received {
  /** null when the sender has left already. */
  from: Participant | null;
  clientId: string;
  /** Whether it went to everybody. */
  broadcast: boolean;
}

export interface AwaitedParticipant {
  clientId: string;
  name: string;
}

type ByModerator = { moderator: string };
/** null when somebody came back, after a restart of the server, who had the place before. */
type ByModeratorOrReturn = { moderator: string | null };
type Hands = { raisedHands: readonly string[]; approvedHands: readonly string[] };
type FloorAction = "requested" | "cancelled" | "granted" | "denied" | "released" | "finished" | "invited";

/** What moderators did; everybody is told, themselves included. `moderator` and the like are client ids. */
export interface ModerationEvents {
  "hard-mute-room": ByModerator;
  "hard-unmute-room": ByModerator;
  "hardmute-user-audio": ByModerator & { clientId: string };
  "hardmute-user-video": ByModerator & { clientId: string };
  "hardunmute-user-audio": ByModerator & { clientId: string };
  "hardunmute-user-video": ByModerator & { clientId: string };
  "room-locked": ByModerator;
  "room-unlocked": ByModerator;
  /** All who are pinned now. */
  "updated-pinned-users": ByModeratorOrReturn & { clientIds: readonly string[] };
  /** All who are in the spotlight now. */
  "spotlight-users": ByModeratorOrReturn & { users: readonly string[] };
  /** Somebody waits to be let in. Moderators only, as the next one. */
  "user-awaited": AwaitedParticipant;
  "awaited-user-gone": { clientId: string; reason: "approved" | "denied" | "withdrawn" | "timed-out" };
  "room-mode-switched": ByModerator & { mode: "group" | "lecture" };
  "floor-changed": Hands & { clientId: string; action: FloorAction };
  "user-role-changed": Hands & { moderator: { new: string; old: string } };
  /** Minutes. */
  "conference-remaining-duration": { timeLeft: number };
  "conference-duration-extended": { clientId: string; extendedTime: number; timeLeft: number };
}

/** What is being recorded; everybody is told. Client ids are null for what happened by itself. */
export interface RecordingEvents {
  "room-record-on": { moderatorId: string | null };
  "room-record-off": { moderatorId: string | null };
  /** It could not go on. */
  "room-record-failed": { reason: string; message: string };
  "room-live-recording-on": { startedBy: string | null };
  "room-live-recording-off": { stoppedBy: string | null };
  "room-live-recording-failed": { reason: string; message: string };
  /** It goes on in another segment, which is another file. */
  "room-live-recording-updated": { startedBy: string | null; segment: number };
}

/** As the published document has it. */
export interface LiveRecordingConfig {
  urlDetails?: { url: string; chatOverlay?: boolean; layOut?: Record<string, unknown> };
}

/** `result` is the server's code (see docs/protocol.md), or -1; `reason` the stable word that goes with it. */
export interface CallbackError {
  result: number;
  reason: string;
  msg: string;
}
/** Gets a result or an error. */
export type EitherCallback<Result> = (result: Result | undefined, error?: CallbackError) => void;
/** Gets a response whose `result` is 0, or that of the error. */
export type ResponseCallback<Fields = object> = (
  response: { result: number; msg: string } & Partial<Fields>,
  error?: CallbackError,
) => void;
/** Gets a `resultCode` that is 0, or the `result` of the error. */
export type StatusCallback = (response: { data: { status: { resultCode: number } } }, error?: CallbackError) => void;

type Outcome = { result: number; msg: string };
type Clients = { clients: string[] };

export interface RoomEvents extends ModerationEvents, RecordingEvents {
  /** One was let in: the room has its participants now, and its media follows. */
  "room-allowed": null;
  "user-connected": { participant: Participant };
  "user-disconnected": { participant: Participant; reason: string };
  "user-reconnecting": { participant: Participant };
  "user-reconnected": { participant: Participant };
  "user-data-changed": { participant: Participant; data: Record<string, unknown> };
  "track-published": { participant: Participant; track: RemoteTrack };
  "track-unpublished": { participant: Participant; track: RemoteTrack };
  "track-muted": { participant: Participant; track: RemoteTrack };
  "track-unmuted": { participant: Participant; track: RemoteTrack };
  "active-talkers-updated": { active: readonly Participant[] };
  "slot-changed": { slot: Slot };
  /** The slots exist only now (after `room-allowed`), or receive on a new peer connection: play those that are new. */
  "slots-renewed": null;
  "local-tracks-changed": { track: LocalTrack; change: LocalTrackChange };
  /** The server withholds these layers of one's own; none: no more. The SDK scales them down by itself. */
  "track-limited": { track: LocalTrack; layers: readonly LimitedLayer[] };
  "message-received": Received & { text: string; at: Date };
  "user-data-received": Received & { data: unknown };
  /** The server is being restarted, and the session goes on when it is back: `reconnecting` follows. */
  "room-interrupted": { reason: string; message: string };
  /** The connection to the server, or the one for media, was lost and is being restored. */
  reconnecting: { part: "signalling" | "media" };
  reconnected: null;
  /** One of the states of the room may have changed. */
  "connection-changed": { state: Room["state"]; mediaState: Room["mediaState"] };
  /** The meeting is over for this participant. The last event. */
  "room-disconnected": { reason: string; message: string };
}

/** Milliseconds since `Roomcast.join` was called; undefined for what has not happened yet. */
export interface Timings {
  readonly webSocketOpened?: number;
  readonly captured?: number;
  readonly offerReady?: number;
  readonly joinSent?: number;
  readonly answered?: number;
  readonly connected?: number;
  /** The first frame of somebody else's picture was decoded. */
  readonly firstFrame?: number;
}

/** A meeting as one participant has it. */
export interface Room extends Emitter<RoomEvents> {
  readonly clientId: string;
  readonly roomId: string;
  readonly name: string;
  readonly settings: Record<string, unknown>;
  /** The application's own data of the room. */
  readonly data: Record<string, unknown>;
  readonly confNum: string;
  readonly role: string;
  readonly permissions: Permissions;
  /** "awaiting": one has to be let in first; until then there is nobody to see. */
  readonly state: "awaiting" | "connected" | "reconnecting" | "disconnected";
  /** What one waits for: a moderator's approval, or that a moderator comes. null when one is in. */
  readonly awaited: "approval" | "moderator" | null;
  /** Of the peer connection alone. */
  readonly mediaState: "connecting" | "connected" | "reconnecting";
  /** Everybody else, by client id. */
  readonly participants: ReadonlyMap<string, Participant>;
  /** The stage without oneself, first place first. */
  readonly activeTalkers: readonly Participant[];
  /** Whether one's own voice is heard at the moment. */
  readonly speaking: boolean;
  readonly localTracks: readonly LocalTrack[];
  readonly audioSlots: readonly Slot[];
  readonly videoSlots: readonly Slot[];
  readonly screenSlots: readonly Slot[];
  readonly timings: Timings;

  localTrack(source: Source): LocalTrack | null;
  /** Publishes a microphone or a camera that was not part of the join. */
  publish(
    source: "microphone" | "camera",
    request?: true | MediaTrackConstraints | MediaStreamTrack,
  ): Promise<LocalTrack>;
  unpublish(source: Source): Promise<void>;
  /** Asks the user for a screen, a window or a tab, and shares it. */
  shareScreen(request?: DisplayMediaStreamOptions | MediaStreamTrack): Promise<LocalTrack>;
  stopScreenShare(): Promise<void>;
  /** From this call on nothing of it is sent. A camera that the SDK opened is closed: its light goes out. */
  mute(source: Source): Promise<void>;
  unmute(source: Source): Promise<void>;
  /** Sends from another device (its id), or a track of one's own. */
  switchDevice(source: "microphone" | "camera", device: string | MediaStreamTrack): Promise<void>;
  /** The largest picture of this slot that is of use: null for the best, 0 for none at all. */
  setMaxHeight(slot: Slot, height: number | null): void;
  sendMessage(text: string, options?: { to?: readonly string[] }): Promise<void>;
  sendUserData(data: unknown, options?: { to?: readonly string[] }): Promise<void>;
  setData(data: Record<string, unknown>): Promise<void>;
  getStats(): Promise<RTCStatsReport>;
  leave(): Promise<void>;

  /** Whether the whole room is hard-muted; moderators are exempt. */
  readonly hardMuted: boolean;
  readonly locked: boolean;
  readonly mode: "group" | "lecture";
  /** Client ids. */
  readonly pinned: readonly string[];
  readonly spotlighted: readonly string[];
  /** Client ids of those who request the floor, and of those who have it (lecture mode). */
  readonly raisedHands: readonly string[];
  readonly approvedHands: readonly string[];
  /** Whether the session can be extended now. */
  readonly extendable: boolean;
  /** Those who wait to be let in; moderators only. */
  readonly awaitedParticipants: readonly AwaitedParticipant[];
  /** Why nothing may be sent from this source of one's own at the moment; null when it may. */
  withheld(source: Source): "hard-muted" | "floor-required" | null;

  /** Seconds until the session ends by itself; null when it has no end of its own. */
  readonly timeLeft: number | null;
  /** Whether everybody's tracks are being recorded, each for itself. */
  readonly recording: boolean;
  /** Whether the session is being recorded as one picture. */
  readonly liveRecording: boolean;

  // All of these take a callback as well, in the shape that the published document shows.

  /** Records the tracks of each participant. */
  startRecord(callback?: EitherCallback<0>): Promise<void>;
  stopRecord(callback?: EitherCallback<0>): Promise<void>;
  /** Records the session as one picture. */
  startLiveRecording(config?: LiveRecordingConfig, callback?: StatusCallback): Promise<void>;
  stopLiveRecording(config?: object, callback?: StatusCallback): Promise<void>;
  /** Silences everybody but moderators, newcomers included. */
  hardMute(callback?: EitherCallback<Outcome>): Promise<void>;
  hardUnmute(callback?: EitherCallback<Outcome>): Promise<void>;
  hardMuteUserAudio(clientId: string, callback?: ResponseCallback): Promise<void>;
  hardMuteUserVideo(clientId: string, callback?: ResponseCallback): Promise<void>;
  hardUnmuteUserAudio(clientId: string, callback?: ResponseCallback): Promise<void>;
  hardUnmuteUserVideo(clientId: string, callback?: ResponseCallback): Promise<void>;
  /** Nobody but moderators comes in any more. */
  lock(callback?: ResponseCallback): Promise<void>;
  unlock(callback?: ResponseCallback): Promise<void>;
  /** Disconnects these; an empty list means everybody who is no moderator. */
  dropUser(clientIds: readonly string[], callback?: ResponseCallback): Promise<void>;
  /** Ends the session for everybody. */
  destroy(callback?: ResponseCallback): Promise<void>;
  /** These four resolve to all who are pinned, or in the spotlight, now. */
  pinUsers(clientIds: readonly string[], callback?: ResponseCallback<Clients>): Promise<string[]>;
  unpinUsers(clientIds: readonly string[], callback?: ResponseCallback<Clients>): Promise<string[]>;
  addSpotlightUsers(clientIds: readonly string[], callback?: ResponseCallback<Clients>): Promise<string[]>;
  removeSpotlightUsers(clientIds: readonly string[], callback?: ResponseCallback<Clients>): Promise<string[]>;
  approveAwaitedUser(clientId: string, callback?: EitherCallback<Outcome>): Promise<void>;
  denyAwaitedUser(clientId: string, callback?: EitherCallback<Outcome>): Promise<void>;
  switchRoomMode(mode: "group" | "lecture", callback?: ResponseCallback): Promise<void>;
  /** Makes somebody moderator, and oneself a participant. */
  switchUserRole(clientId: string, callback?: ResponseCallback): Promise<void>;
  /** Resolves to the minutes that were won. */
  extendConferenceDuration(callback?: ResponseCallback<{ extendedTime: number }>): Promise<number>;
  /** Asks for the floor, or accepts the invitation to it. */
  requestFloor(callback?: ResponseCallback): Promise<void>;
  /** Takes the request back, or declines the invitation. */
  cancelFloor(callback?: ResponseCallback): Promise<void>;
  finishFloor(callback?: ResponseCallback): Promise<void>;
  grantFloor(clientId: string, callback?: ResponseCallback): Promise<void>;
  denyFloor(clientId: string, callback?: ResponseCallback): Promise<void>;
  releaseFloor(clientId: string, callback?: ResponseCallback): Promise<void>;
  inviteToFloor(clientId: string, callback?: ResponseCallback): Promise<void>;
}

type CaptureRequest = true | MediaTrackConstraints;

/** Opens a microphone or a camera, with the defaults of a join. */
export function capture(source: "microphone" | "camera", request?: CaptureRequest): Promise<MediaStreamTrack>;
/** Opens both with a single question to the user. */
export function captureBoth(requests: {
  microphone?: CaptureRequest;
  camera?: CaptureRequest;
}): Promise<{ microphone?: MediaStreamTrack; camera?: MediaStreamTrack }>;
export function captureScreen(options?: DisplayMediaStreamOptions): Promise<MediaStreamTrack>;
export function listDevices(): Promise<{
  microphones: MediaDeviceInfo[];
  cameras: MediaDeviceInfo[];
  speakers: MediaDeviceInfo[];
}>;
/** Returns the function that stops watching. */
export function watchDevices(callback: () => void): () => void;

/** `reason` is a stable word for programs, `message` a sentence for people. */
export class RoomcastError extends Error {
  constructor(reason: string, message: string, options?: { cause?: unknown });
  readonly reason: string;
}
/** `unreachable`, `timeout`, `connection-lost`. */
export class ConnectionError extends RoomcastError {}
/** The server's refusal; `code` is the JSON-RPC error code. */
export class RequestError extends RoomcastError {
  constructor(reason: string, message: string, code: number);
  readonly code: number;
}
/** `permission-denied`, `device-not-found`, `device-in-use`, `insecure-context`, `not-supported`, … */
export class MediaError extends RoomcastError {
  constructor(reason: string, message: string, source: Source, options?: { cause?: unknown });
  readonly source: Source;
}
export class RoomClosedError extends RoomcastError {
  constructor(reason: string);
}
