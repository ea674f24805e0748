package vigie.base.relp;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What an end says about itself in open and its answer: {@code name=value}, one per line. Lines
 * that are empty are skipped, offers that nobody knows are kept and harmless.
 *
 * @param values by name, in the order written; {@code ""} where there was no {@code =}
 */
public record RelpOffers(Map<String, String> values) {
  public RelpOffers {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /**
   * Ours: version 0, since omrelp refuses anything else, and the one command {@code syslog}.
   *
   * @param software {@code NAME,VERSION,URL}
   */
  public static RelpOffers ours(String software) {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("relp_version", "0");
    values.put("relp_software", software);
    values.put("commands", "syslog");
    return new RelpOffers(values);
  }

  /**
   * Reads the offers from {@code start} on.
   *
   * @throws RelpFault if there are more than {@code most}
   */
  public static RelpOffers parse(byte[] data, int start, int most) {
    Map<String, String> values = new LinkedHashMap<>();
    int count = 0;
    int from = start;
    while (from < data.length) {
      int to = from;
      while (to < data.length && data[to] != '\n') {
        to++;
      }
      if (to > from) {
        if (++count > most) {
          throw new RelpFault("offers", "more than " + most + " offers");
        }
        String line = new String(data, from, to - from, StandardCharsets.UTF_8);
        int equals = line.indexOf('=');
        values.put(
            equals < 0 ? line : line.substring(0, equals),
            equals < 0 ? "" : line.substring(equals + 1));
      }
      from = to + 1;
    }
    return new RelpOffers(values);
  }

  /** Whether the other end can do the command. */
  public boolean hasCommand(String command) {
    return ("," + values.getOrDefault("commands", "") + ",").contains("," + command + ",");
  }

  /** As they go onto the wire, without a last LF. */
  public String print() {
    StringBuilder out = new StringBuilder(96);
    values.forEach(
        (name, value) ->
            out.append(out.isEmpty() ? "" : "\n").append(name).append('=').append(value));
    return out.toString();
  }
}
