package vigie.agent.probe;

import com.google.re2j.Pattern;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import vigie.agent.probe.Exchange.Granted;
import vigie.agent.probe.Exchange.Line;
import vigie.agent.probe.Exchange.Refused;
import vigie.agent.probe.Exchange.Send;
import vigie.agent.probe.Exchange.StartTls;

/** How each protocol asks for TLS on a connection that began without. */
final class StartTlsDialogue {
  private static final String NOT_OFFERED = "the server does not offer STARTTLS";
  private static final String SAYS_NO = "the server refused";

  /** By protocol: {@code imap}, {@code ldap}, {@code pop3}, {@code postgres}, {@code smtp}. */
  static final Map<String, List<Exchange>> ALL =
      new TreeMap<>(
          Map.of(
              // RFC 3207. The lines behind 250-STARTTLS are skipped while 220 is waited for.
              "smtp",
              List.of(
                  line("^220 ", "^[45]", SAYS_NO),
                  send("EHLO vigie\r\n"),
                  line("(?i)^250[ -]STARTTLS", "^(250 |[45])", NOT_OFFERED),
                  send("STARTTLS\r\n"),
                  line("^220 ", "^[45]", SAYS_NO),
                  new StartTls()),
              // RFC 3501, section 6.2.1.
              "imap",
              List.of(
                  line("(?i)^\\* (OK|PREAUTH)", "(?i)^\\* BYE", SAYS_NO),
                  send("a1 STARTTLS\r\n"),
                  line("(?i)^a1 OK", "(?i)^(a1 |\\* BYE)", SAYS_NO),
                  new StartTls()),
              // RFC 2595, section 4.
              "pop3",
              List.of(
                  line("^\\+OK", "^-ERR", SAYS_NO),
                  send("STLS\r\n"),
                  line("^\\+OK", "^-ERR", SAYS_NO),
                  new StartTls()),
              // RFC 4511, section 4.14: an ExtendedRequest, message 1, with StartTLS's identifier.
              "ldap",
              List.of(
                  binary("0\u001d\u0002\u0001\u0001w\u0018\u0080\u0016")
                      .and("1.3.6.1.4.1.1466.20037"),
                  new Granted(StartTlsDialogue::ldap),
                  new StartTls()),
              // PostgreSQL's documentation, chapter 55.2.10: an SSLRequest, answered by S or N.
              "postgres",
              List.of(
                  binary("\u0000\u0000\u0000\u0008\u0004\u00d2\u0016/").and(""),
                  new Granted(StartTlsDialogue::postgres),
                  new StartTls())));

  private StartTlsDialogue() {}

  private static Line line(String expect, String refusal, String refused) {
    return new Line(Pattern.compile(expect), null, Pattern.compile(refusal), refused);
  }

  private static Send send(String text) {
    return new Send(text, StandardCharsets.UTF_8, false);
  }

  private static Binary binary(String bytes) {
    return more -> new Send(bytes + more, StandardCharsets.ISO_8859_1, false);
  }

  private interface Binary {
    Send and(String more);
  }

  private static @Nullable Boolean postgres(byte[] bytes, int length) throws Refused {
    if (length == 0) {
      return null;
    }
    if (bytes[0] == 'S') {
      return true;
    }
    throw new Refused(
        bytes[0] == 'N'
            ? "the server does not offer TLS"
            : "expected \"S\" got " + text(bytes, length, StandardCharsets.UTF_8));
  }

  /**
   * An ExtendedResponse: SEQUENCE { messageID, [APPLICATION 24] { resultCode ENUMERATED, matchedDN,
   * diagnosticMessage, … } }.
   */
  private static @Nullable Boolean ldap(byte[] bytes, int length) throws Refused {
    if (length >= 1 && bytes[0] != 0x30) {
      throw notLdap(bytes, length);
    }
    int message = header(bytes, 0, length);
    if (message < 0 || length < message + size(bytes, 0)) {
      return null;
    }
    // messageID, one to four bytes
    int response = message + 2 + bytes[message + 1];
    int result = response < length ? header(bytes, response, length) : -1;
    if (bytes[message] != 2 || result < 0 || bytes[response] != 0x78 || result + 2 >= length) {
      throw notLdap(bytes, length);
    }
    if (bytes[result] == 0x0a && bytes[result + 1] == 1 && bytes[result + 2] == 0) {
      return true;
    }
    throw new Refused(
        "the server refused StartTLS with LDAP result "
            + bytes[result + 2]
            + diagnostic(bytes, result + 3, length));
  }

  /** The diagnosticMessage behind the matchedDN at {@code at}; empty where there is none. */
  private static String diagnostic(byte[] bytes, int at, int length) {
    int matched = header(bytes, at, length);
    int message = matched < 0 ? -1 : matched + size(bytes, at);
    int begin = message < 0 ? -1 : header(bytes, message, length);
    int size = begin < 0 ? 0 : Math.min(size(bytes, message), length - begin);
    if (size <= 0 || bytes[message] != 4) {
      return "";
    }
    return ", it said " + PeerWords.quoted(new String(bytes, begin, size, StandardCharsets.UTF_8));
  }

  private static Refused notLdap(byte[] bytes, int length) {
    return new Refused(
        "expected an LDAP answer got " + text(bytes, length, StandardCharsets.ISO_8859_1));
  }

  /** Where the content begins after a BER tag and length; -1 where it is not all here. */
  private static int header(byte[] bytes, int at, int length) {
    if (at + 2 > length) {
      return -1;
    }
    int more = bytes[at + 1] < 0 ? bytes[at + 1] & 0x7f : 0;
    return at + 2 + more <= length ? at + 2 + more : -1;
  }

  private static int size(byte[] bytes, int at) {
    if (bytes[at + 1] >= 0) {
      return bytes[at + 1];
    }
    int size = 0;
    for (int i = 0; i < (bytes[at + 1] & 0x7f) && i < 4; i++) {
      size = (size << 8) | (bytes[at + 2 + i] & 0xff);
    }
    return size;
  }

  private static String text(byte[] bytes, int length, Charset charset) {
    return PeerWords.quoted(new String(bytes, 0, length, charset));
  }
}
