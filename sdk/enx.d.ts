/** The types of enx.js. Methods of session management are those of `Room`, with the same callbacks. */

import type { Room } from "./roomcast.d.ts";

/** What one publishes. Fields of that SDK which are not here are ignored. */
export interface StreamSpec {
  audio?: boolean | MediaTrackConstraints;
  video?: boolean | MediaTrackConstraints;
  audioMuted?: boolean;
  videoMuted?: boolean;
  /** Least width and height, greatest width and height, in pixels. The greatest count. */
  videoSize?: readonly [number, number, number, number];
  name?: string;
  attributes?: Record<string, unknown>;
}

export interface PlayOptions {
  /** Lengths of CSS, and the class of the element that plays. */
  player?: { height?: string; width?: string; class?: string };
}

/** The fields of an event are in it, in `message` and in `data`, and are the second argument. */
type Handler = (event: any, fields: any) => void;

interface EventTargetOfEnx {
  addEventListener(type: string, handler: Handler): void;
  removeEventListener(type: string, handler: Handler): void;
}

export interface EnxStream extends EventTargetOfEnx {
  readonly local: boolean;
  readonly showing: boolean;
  readonly stream: MediaStream;
  getID(): number | string | null;
  getAttributes(): Record<string, unknown>;
  play(target: string | HTMLElement, options?: PlayOptions): void;
  stop(): void;
}

type Response = (response: { result: number; msg: string }) => void;

export interface EnxLocalStream extends EnxStream {
  readonly audioMuted: boolean;
  readonly videoMuted: boolean;
  init(): Promise<void>;
  close(): void;
  muteAudio(callback?: Response): Promise<void>;
  unmuteAudio(callback?: Response): Promise<void>;
  muteVideo(callback?: Response): Promise<void>;
  unmuteVideo(callback?: Response): Promise<void>;
}

/** The methods of `Room` that take callbacks. */
type SessionManagement = Pick<
  Room,
  | "startRecord"
  | "stopRecord"
  | "startLiveRecording"
  | "stopLiveRecording"
  | "hardMute"
  | "hardUnmute"
  | "hardMuteUserAudio"
  | "hardMuteUserVideo"
  | "hardUnmuteUserAudio"
  | "hardUnmuteUserVideo"
  | "lock"
  | "unlock"
  | "approveAwaitedUser"
  | "denyAwaitedUser"
  | "switchRoomMode"
  | "dropUser"
  | "destroy"
  | "switchUserRole"
  | "extendConferenceDuration"
  | "pinUsers"
  | "unpinUsers"
  | "addSpotlightUsers"
  | "removeSpotlightUsers"
  | "requestFloor"
  | "cancelFloor"
  | "finishFloor"
  | "grantFloor"
  | "denyFloor"
  | "releaseFloor"
  | "inviteToFloor"
>;

export interface EnxRoom extends EventTargetOfEnx, SessionManagement {
  /** The room of the SDK underneath. */
  readonly session: Room;
  readonly roomID: string;
  readonly clientId: string;
  readonly clientID: string;
  readonly me: ReturnType<EnxRoom["whoami"]>;
  /** 0 disconnected, 1 connecting, 2 connected. */
  readonly status: 0 | 1 | 2;
  readonly streams: EnxStream[];
  readonly remoteStreams: { get(id: number | string): EnxStream | undefined; getAll(): Record<string, EnxStream> };
  readonly localStreams: EnxLocalStream[];
  readonly awaitedParticipants: Room["awaitedParticipants"];
  readonly raisedHands: readonly string[];
  readonly approvedHands: readonly string[];
  whoami(): { clientId: string; name: string; role: string; permissions: Room["permissions"] };
  connect(options?: object): Promise<void>;
  disconnect(): Promise<void>;
  publish(stream: EnxLocalStream, options?: object, callback?: (streamId?: string) => void): Promise<void>;
  unpublish(stream: EnxLocalStream, callback?: (result: unknown, error: unknown) => void): Promise<void>;
  subscribe(stream: EnxStream, options?: { video?: boolean }, callback?: (streamId?: number) => void): Promise<void>;
  unsubscribe(stream: EnxStream, callback?: Response): Promise<void>;
  sendMessage(text: string, broadcast: boolean, clientIds: string[], callback?: Response): Promise<void>;
  sendUserData(data: unknown, broadcast: boolean, clientIds: string[], callback?: Response): Promise<void>;
  startScreenShare(callback?: Response): Promise<unknown>;
  stopScreenShare(callback?: Response): Promise<void>;
}

export interface Joined {
  room: EnxRoom;
  streams: EnxStream[];
  publishId: string | null;
  roomData: { conf_num: string; room_id: string; name: string; settings: Record<string, unknown> };
}

export interface JoinError {
  /** "media-access-denied", or the reason. */
  type: string;
  /** The server's code, or -1. */
  result: number;
  error: number;
  /** The reason; see docs/protocol.md. */
  name: string;
  /** Of "media-access-denied": what the browser said. */
  msg: string | { name: string; message: string };
}

export type JoinCallback = (success: Joined | null, error: JoinError | null) => void;

export interface Devices {
  cam: MediaDeviceInfo[];
  mic: MediaDeviceInfo[];
  speaker: MediaDeviceInfo[];
}

export const EnxRtc: {
  /** The server to join at. */
  server: string;
  joinRoom(token: string, config: StreamSpec, callback: JoinCallback, reconnection?: object): EnxLocalStream;
  EnxStream(spec?: StreamSpec): EnxLocalStream;
  EnxRoom(options: { token: string }): EnxRoom;
  getDevices(callback: (response: { result: number; devices: Devices }) => void): Promise<void>;
};
