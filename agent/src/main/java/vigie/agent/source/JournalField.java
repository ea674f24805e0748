package vigie.agent.source;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a journal entry that mean something here. Those that begin with {@code _} come from
 * journald itself, the others from whoever logged. Source: systemd.journal-fields(7).
 */
@SuppressWarnings("ImmutableEnumChecker") // nobody writes to the names
enum JournalField {
  CURSOR("__CURSOR", 1024),
  REALTIME("__REALTIME_TIMESTAMP", 32),
  TRANSPORT("_TRANSPORT", 32),
  UID("_UID", 32),
  SYSTEMD_UNIT("_SYSTEMD_UNIT", 256),
  SYSTEMD_USER_UNIT("_SYSTEMD_USER_UNIT", 256),
  COMM("_COMM", 64),
  MESSAGE("MESSAGE", 16 << 10),
  PRIORITY("PRIORITY", 32),
  IDENTIFIER("SYSLOG_IDENTIFIER", 256),
  MESSAGE_ID("MESSAGE_ID", 64),
  UNIT("UNIT", 256),
  USER_UNIT("USER_UNIT", 256),
  INVOCATION_ID("INVOCATION_ID", 64),
  USER_INVOCATION_ID("USER_INVOCATION_ID", 64),
  EXIT_CODE("EXIT_CODE", 32),
  EXIT_STATUS("EXIT_STATUS", 32),
  UNIT_RESULT("UNIT_RESULT", 64),
  RESTARTS("N_RESTARTS", 32),
  JOB_TYPE("JOB_TYPE", 64),
  JOB_RESULT("JOB_RESULT", 64);

  /** journald takes no longer names. */
  static final int LONGEST_NAME = 64;

  private static final JournalField[] SLOTS = new JournalField[64]; // by hash, linear probing

  private final byte[] name;
  private final int most;

  JournalField(String name, int most) {
    this.name = name.getBytes(StandardCharsets.US_ASCII);
    this.most = most;
  }

  static {
    for (JournalField field : values()) {
      int slot = slot(hash(field.name));
      while (SLOTS[slot] != null) {
        slot = slot + 1 & SLOTS.length - 1;
      }
      SLOTS[slot] = field;
    }
  }

  /** How many bytes of a value are kept. */
  int most() {
    return most;
  }

  /** As journald calls it. */
  String wire() {
    return new String(name, StandardCharsets.US_ASCII);
  }

  /** The field of this name; null for one that means nothing here. */
  static @Nullable JournalField of(byte[] bytes, int length) {
    int slot = slot(hash(bytes, length));
    while (SLOTS[slot] != null) {
      if (SLOTS[slot].isNamed(bytes, length)) {
        return SLOTS[slot];
      }
      slot = slot + 1 & SLOTS.length - 1;
    }
    return null;
  }

  private boolean isNamed(byte[] bytes, int length) {
    return Arrays.equals(name, 0, name.length, bytes, 0, length);
  }

  private static int hash(byte[] bytes) {
    return hash(bytes, bytes.length);
  }

  private static int hash(byte[] bytes, int length) {
    int hash = length;
    for (int i = 0; i < length; i++) {
      hash = hash * 31 + bytes[i];
    }
    return hash;
  }

  private static int slot(int hash) {
    return (hash ^ hash >>> 8) & SLOTS.length - 1;
  }
}
