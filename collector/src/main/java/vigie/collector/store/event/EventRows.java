package vigie.collector.store.event;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.DateTimeException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.collector.event.Event;
import vigie.collector.event.StoredEvent;

/** Events as rows of the table {@code event} of a {@link DayFile}. */
final class EventRows {
  static final String TABLE =
      """
      CREATE TABLE event (
        id INTEGER PRIMARY KEY,     -- negative for imported ones
        time INTEGER NOT NULL,      -- microseconds since the epoch, by the node's clock
        received INTEGER NOT NULL,  -- the same, by the collector's
        node TEXT NOT NULL,
        facility INTEGER NOT NULL,
        severity INTEGER NOT NULL,
        app TEXT NOT NULL,
        type TEXT NOT NULL,
        fields TEXT,                -- JSON object; NULL for none
        text TEXT NOT NULL,
        spool TEXT, seq INTEGER, boot TEXT,
        raw BLOB NOT NULL,          -- the record as it came, up to the text where it ends with that
        tail INTEGER NOT NULL DEFAULT 0, -- 1 where the text follows raw
        imported TEXT               -- the id it had where it was exported
      )""";

  static final String INSERT =
      "INSERT OR IGNORE INTO event VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

  /** For {@link #event}; then raw, tail and imported. */
  static final String COLUMNS =
      "event.id, time, received, node, facility, severity, app, type, fields, text, spool, seq, boot";

  static final String WITH_RAW = COLUMNS + ", raw, tail, imported";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<LinkedHashMap<String, String>> FIELDS =
      new TypeReference<>() {};

  private EventRows() {}

  /** One event to write. */
  record Row(long id, EventRecord record, @Nullable String imported) {
    Row(long id, EventRecord record) {
      this(id, record, null);
    }
  }

  static void bind(PreparedStatement to, Row row) throws SQLException {
    Event event = row.record().event();
    to.setLong(1, row.id());
    to.setLong(2, EventRecord.micros(event.time()));
    to.setLong(3, EventRecord.micros(event.received()));
    to.setString(4, event.node());
    to.setInt(5, event.facility());
    to.setInt(6, event.severity());
    to.setString(7, event.app());
    to.setString(8, event.type());
    to.setString(9, json(event.fields()));
    to.setString(10, event.text());
    Event.Origin origin = event.origin();
    if (origin == null) {
      to.setNull(11, Types.VARCHAR);
      to.setNull(12, Types.INTEGER);
      to.setNull(13, Types.VARCHAR);
    } else {
      to.setString(11, origin.spool());
      to.setLong(12, origin.seq());
      to.setString(13, origin.boot());
    }
    byte[] raw = row.record().raw();
    int tail = tailOf(raw, event.text());
    to.setBytes(14, tail == 0 ? raw : Arrays.copyOf(raw, raw.length - tail));
    to.setInt(15, tail == 0 ? 0 : 1);
    to.setString(16, row.imported());
  }

  /** How many bytes at the end of raw are the text; most records end with it. */
  private static int tailOf(byte[] raw, String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    int from = raw.length - utf8.length;
    boolean ends =
        from >= 0 && Arrays.equals(raw, from, raw.length, utf8, 0, utf8.length) && utf8.length > 0;
    return ends ? utf8.length : 0;
  }

  /** By hand, for by a profile Jackson took a quarter of the time of a row. */
  static @Nullable String json(Map<String, String> fields) {
    if (fields.isEmpty()) {
      return null;
    }
    StringBuilder out = new StringBuilder(64).append('{');
    fields.forEach(
        (name, value) -> {
          quote(out.length() > 1 ? out.append(',') : out, name);
          quote(out.append(':'), value);
        });
    return out.append('}').toString();
  }

  private static void quote(StringBuilder out, String text) {
    out.append('"');
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < ' ' || c == '"' || c == '\\') {
        out.append(text, from, i).append("\\u00");
        out.append(Character.forDigit(c >> 4, 16)).append(Character.forDigit(c & 15, 16));
        from = i + 1;
      }
    }
    out.append(text, from, text.length()).append('"');
  }

  /** The event of a row of {@link #COLUMNS}. */
  static Event event(ResultSet row) throws SQLException {
    String spool = row.getString(11);
    Event.Origin origin =
        spool == null ? null : new Event.Origin(spool, row.getLong(12), text(row, 13));
    try {
      return new Event(
          EventRecord.micros(row.getLong(2)),
          EventRecord.micros(row.getLong(3)),
          text(row, 4),
          row.getInt(5),
          row.getInt(6),
          text(row, 7),
          text(row, 8),
          fields(row.getString(9)),
          text(row, 10),
          origin);
    } catch (IllegalArgumentException | DateTimeException e) {
      throw new DayFile.DamagedException("an event is damaged: " + e.getMessage(), e);
    }
  }

  /** The same with all else that there is, of a row of {@link #WITH_RAW}. */
  static StoredEvent stored(ResultSet row, Event event) throws SQLException {
    byte[] raw = row.getBytes(14) == null ? new byte[0] : row.getBytes(14);
    if (row.getInt(15) == 1) {
      byte[] text = event.text().getBytes(StandardCharsets.UTF_8);
      int head = raw.length;
      raw = Arrays.copyOf(raw, head + text.length);
      System.arraycopy(text, 0, raw, head, text.length);
    }
    return new StoredEvent(Ids.text(row.getLong(1)), event, ByteBuffer.wrap(raw), text(row, 16));
  }

  /** The same to write again. */
  static Row copy(ResultSet row) throws SQLException {
    StoredEvent stored = stored(row, event(row));
    return new Row(
        row.getLong(1), new EventRecord(stored.event(), stored.raw().array()), row.getString(16));
  }

  private static String text(ResultSet row, int column) throws SQLException {
    String text = row.getString(column);
    return text == null ? "" : text;
  }

  private static Map<String, String> fields(@Nullable String json) throws SQLException {
    if (json == null) {
      return Map.of();
    }
    Map<String, String> plain = plainFields(json);
    if (plain != null) {
      return plain;
    }
    try {
      return JSON.readValue(json, FIELDS);
    } catch (JsonProcessingException e) {
      throw new DayFile.DamagedException("the fields of an event are no JSON object", e);
    }
  }

  /** Nearly all are of strings without escapes: quotes end them. Null for what is not. */
  static @Nullable Map<String, String> plainFields(String json) {
    if (json.indexOf('\\') >= 0) {
      return null;
    }
    Map<String, String> fields = new LinkedHashMap<>(8);
    int at = 0;
    do {
      int name = at + 2;
      int nameEnd = json.indexOf('"', name);
      int value = nameEnd + 3;
      int valueEnd = nameEnd < 0 ? -1 : json.indexOf('"', value);
      if (valueEnd < 0
          || json.charAt(at) != (at == 0 ? '{' : ',')
          || json.charAt(at + 1) != '"'
          || json.charAt(nameEnd + 1) != ':'
          || json.charAt(nameEnd + 2) != '"') {
        return null;
      }
      fields.put(json.substring(name, nameEnd), json.substring(value, valueEnd));
      at = valueEnd + 1;
    } while (at < json.length() - 1);
    return json.endsWith("}") ? fields : null;
  }

  /** For {@link #words}. */
  static final String WORDS = "id, node, facility, severity, app, type, fields, text";

  /** What the full-text index has of a row of {@link #WORDS}. */
  static byte[] words(ResultSet row) throws SQLException {
    int facility = row.getInt(3);
    int severity = row.getInt(4);
    if (facility < 0 || facility > 23 || severity < 0 || severity > 7) {
      throw new DayFile.DamagedException(
          "an event is damaged: facility " + facility + ", severity " + severity + " out of range",
          null);
    }
    byte[] text = row.getBytes(8);
    return Words.of(
        text(row, 2),
        text(row, 6),
        text(row, 5),
        severity,
        facility,
        fields(row.getString(7)),
        text == null ? new byte[0] : text);
  }
}
