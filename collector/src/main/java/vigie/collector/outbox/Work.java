package vigie.collector.outbox;

/** What one request does. */
enum Work {
  /** Posts a card. */
  POST,
  /** Edits a card. */
  EDIT,
  /** Tells a message beside a card. */
  TELL
}
