package vigie.collector.event;

/**
 * An event with the id that the store gave it: opaque, unique in this store, growing with receipt.
 */
public record StoredEvent(String id, Event event) {}
