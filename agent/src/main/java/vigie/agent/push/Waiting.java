package vigie.agent.push;

/**
 * A request that waits to be sent.
 *
 * @param body as it goes over the wire
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Waiting(long timestampMillis, int samples, byte[] body) {}
