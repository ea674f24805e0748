package vigie.collector.event;

import java.nio.ByteBuffer;

/**
 * An event as the store has it.
 *
 * @param id that the store gave it: opaque, unique in this store, growing with receipt
 * @param raw the record as it came; empty where it was not asked for
 * @param imported the id that it had in the store that it was exported from, {@code ""} for one
 *     that this store received
 */
public record StoredEvent(String id, Event event, ByteBuffer raw, String imported) {
  public StoredEvent(String id, Event event) {
    this(id, event, ByteBuffer.allocate(0), "");
  }
}
