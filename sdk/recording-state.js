/** What is being recorded, as the server tells it. */

/** @typedef {import("./roomcast.d.ts").RecordingEvents} RecordingEvents */
/** @template {keyof RecordingEvents} Type @typedef {{type: Type, event: RecordingEvents[Type]}} EventOf */
/** @typedef {{[Type in keyof RecordingEvents]: EventOf<Type>}[keyof RecordingEvents]} RecordingEvent */

export class RecordingState {
  /** Everybody's tracks, each for itself. */
  recording = false;
  /** The session as one picture. */
  liveRecording = false;

  /** @param {import("./protocol.d.ts").SessionInfo} session is the whole truth */
  replace({ room_state }) {
    this.recording = room_state?.recording ?? false;
    this.liveRecording = room_state?.live_recording ?? false;
  }

  /**
   * @param {string} method of a notification
   * @param {Record<string, any>} params
   * @returns {RecordingEvent | null} null for what is not about recording
   */
  apply(method, params) {
    switch (method) {
      case "room-record-on":
      case "room-record-off":
        this.recording = method === "room-record-on";
        return { type: method, event: { moderatorId: params.moderatorId } };
      case "room-record-failed":
        this.recording = false;
        return { type: method, event: { reason: params.reason, message: params.message } };
      case "room-live-recording-on":
        this.liveRecording = true;
        return { type: method, event: { startedBy: params.startedBy } };
      case "room-live-recording-off":
        this.liveRecording = false;
        return { type: method, event: { stoppedBy: params.stoppedBy } };
      case "room-live-recording-failed":
        this.liveRecording = false;
        return { type: method, event: { reason: params.reason, message: params.message } };
      case "room-live-recording-updated":
        return { type: method, event: { startedBy: params.startedBy, segment: params.segment } };
      default:
        return null;
    }
  }
}
