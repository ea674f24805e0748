package vigie.agent.spool;

/**
 * An event in the spool, ready for the wire.
 *
 * @param seq its number; grows by one from event to event, with holes where events were lost
 * @param data the RFC 5424 record; belongs to the receiver
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record SpoolRecord(long seq, byte[] data) {}
