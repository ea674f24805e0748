package vigie.agent;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import javax.net.ssl.HttpsURLConnection;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import vigie.base.http.WebAccess;
import vigie.base.time.Durations;

/** {@code agent drill}. */
@Command(
    name = "drill",
    description = {
      "Has the running agent send a marked event through probe, spool and RELP, and prints the time of"
          + " each hop. At the collector it is an event of type drill.probe that alerts nobody; collector"
          + " drill goes on from there.",
      "Where web_config_file has TLS, the certificate that it names is the only one that is trusted;"
          + " where it has users, give one.",
      "Exit code 0: the collector has it; 1: it has not; 3: no agent answers."
    },
    mixinStandardHelpOptions = true,
    versionProvider = VersionCommand.class,
    footer = {
      "",
      "Examples:",
      "  agent drill",
      "  agent drill --user prometheus --password-file /etc/vigie/web-password",
      "  agent drill --every 24h   (from a timer: the metrics then say when none has passed in time)"
    })
final class DrillCommand implements Callable<Integer> {
  private static final int UNREACHED = 3;
  private static final int REFUSED = 4;
  private static final int GRACE_MILLIS = 10_000;

  enum Format {
    table,
    json
  }

  @Option(
      names = "--url",
      paramLabel = "URL",
      description = "The agent (default: what the configuration's listen says, on this host).")
  private @Nullable String url;

  @Option(names = "--user", paramLabel = "NAME", description = "A user of web_config_file.")
  private @Nullable String user;

  @Option(
      names = "--password-file",
      paramLabel = "FILE",
      description = "Holds the user's password.")
  private @Nullable Path passwordFile;

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      defaultValue = "30s",
      description = "Give up after (default: ${DEFAULT-VALUE}).")
  private String timeout = "30s";

  @Option(
      names = "--every",
      paramLabel = "DURATION",
      description = "How often a timer runs this: vigie_drill_overdue_timestamp_seconds tells.")
  private String every = "";

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      defaultValue = "table",
      description = "table or json (default: ${DEFAULT-VALUE}).")
  private Format format = Format.table;

  @Mixin private Options options = new Options();
  @Spec private CommandSpec spec = CommandSpec.create();

  private record Hop(String name, long micros, String detail) {}

  @Override
  public Integer call() {
    Duration limit;
    try {
      limit = Durations.parse(timeout);
      if (!every.isEmpty()) {
        Durations.parse(every);
      }
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
    String basic;
    try {
      basic = basic();
    } catch (IOException e) {
      throw new ParameterException(
          spec.commandLine(), "cannot read --password-file: " + e.getMessage(), e);
    }
    X509Certificate own = null;
    String to = url;
    if (to == null) {
      AgentConfig config = options.load();
      own = config.webConfig() == null ? null : WebAccess.certificate(config.webConfig());
      to = local(own == null ? "http" : "https", config.listen());
    }
    String id = UUID.randomUUID().toString().substring(0, 8);
    try {
      HttpURLConnection connection =
          (HttpURLConnection)
              URI.create(
                      to
                          + "/drill?id="
                          + id
                          + "&timeout="
                          + encoded(timeout)
                          + "&every="
                          + encoded(every))
                  .toURL()
                  .openConnection();
      if (own != null && connection instanceof HttpsURLConnection https) {
        https.setSSLSocketFactory(OwnCertificate.trusting(own));
        // It is named for what others call this host, and it is the very one.
        https.setHostnameVerifier((host, session) -> true);
      }
      if (!basic.isEmpty()) {
        connection.setRequestProperty("Authorization", basic);
      }
      connection.setRequestMethod("POST");
      connection.setRequestProperty(Drill.HEADER, "1");
      connection.setConnectTimeout(GRACE_MILLIS);
      connection.setReadTimeout((int) Math.min(600_000, limit.toMillis()) + GRACE_MILLIS);
      int status = connection.getResponseCode();
      if (status != 200) {
        return refused(to, status, text(connection.getErrorStream()));
      }
      return told(id, text(connection.getInputStream()));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(), "\"" + to + "\" is no URL; write http://HOST:PORT", e);
    } catch (IOException e) {
      spec.commandLine()
          .getErr()
          .println(
              "cannot reach the agent at "
                  + to
                  + ": "
                  + e.getMessage()
                  + "; is it running? Another one: --url");
      return UNREACHED;
    }
  }

  private String basic() throws IOException {
    if (user == null && passwordFile == null) {
      return "";
    }
    if (user == null || passwordFile == null) {
      throw new ParameterException(
          spec.commandLine(), "--user and --password-file go together: who, and with what");
    }
    String pair = user + ":" + Files.readString(passwordFile).strip();
    return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
  }

  /** What listens on all addresses listens on this host's own, too. */
  private static String local(String scheme, InetSocketAddress listen) {
    String host = listen.getHostString();
    boolean all = host.equals("0.0.0.0") || host.equals("::") || host.isEmpty();
    return scheme
        + "://"
        + (all ? "127.0.0.1" : host.contains(":") ? "[" + host + "]" : host)
        + ":"
        + listen.getPort();
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static String text(@Nullable InputStream in) throws IOException {
    if (in == null) {
      return "";
    }
    try (in) {
      return new String(in.readNBytes(1 << 16), StandardCharsets.UTF_8);
    }
  }

  private int refused(String to, int status, String text) {
    PrintWriter err = spec.commandLine().getErr();
    if (status == 404) {
      err.println(to + " answers, but it is no agent that knows drills; another one: --url");
      return UNREACHED;
    }
    String hint = status == 401 ? "; give --user and --password-file" : "";
    err.println("the agent answers " + status + " " + text.strip() + hint);
    return status == 401 || status == 403 ? REFUSED : Main.NO;
  }

  private int told(String id, String answer) {
    List<String> lines = answer.lines().toList();
    if (lines.isEmpty()) {
      spec.commandLine().getErr().println("the agent answers nothing");
      return Main.NO;
    }
    boolean passed = lines.get(0).equals("passed");
    String failure = passed ? "" : lines.get(0).substring(lines.get(0).indexOf('\t') + 1);
    List<Hop> hops = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.split("\t", 3);
      if (cells.length == 3) {
        hops.add(new Hop(cells[0], Long.parseLong(cells[1]), cells[2]));
      }
    }
    PrintWriter out = spec.commandLine().getOut();
    if (format == Format.json) {
      out.println(json(id, passed, failure, hops));
    } else {
      out.printf("%-10s %12s %12s  %s%n", "HOP", "AFTER", "TOOK", "DETAIL");
      long before = 0;
      for (Hop hop : hops) {
        out.printf(
            Locale.ROOT,
            "%-10s %9.1f ms %9.1f ms  %s%n",
            hop.name,
            hop.micros / 1e3,
            (hop.micros - before) / 1e3,
            hop.detail);
        before = hop.micros;
      }
      out.println("drill " + id + (passed ? " passed" : " FAILED: " + failure));
    }
    out.flush();
    return passed ? Main.DONE : Main.NO;
  }

  private static String json(String id, boolean passed, String failure, List<Hop> hops) {
    StringBuilder json = new StringBuilder();
    json.append("{\"drill\":").append(quoted(id));
    json.append(",\"passed\":").append(passed);
    json.append(",\"failure\":").append(quoted(failure));
    long last = hops.isEmpty() ? 0 : hops.get(hops.size() - 1).micros;
    json.append(",\"tookSeconds\":").append(last / 1e6).append(",\"hops\":[");
    long before = 0;
    for (Hop hop : hops) {
      json.append(before == 0 && json.charAt(json.length() - 1) == '[' ? "" : ",");
      json.append("{\"hop\":").append(quoted(hop.name));
      json.append(",\"afterSeconds\":").append(hop.micros / 1e6);
      json.append(",\"tookSeconds\":").append((hop.micros - before) / 1e6);
      json.append(",\"detail\":").append(quoted(hop.detail)).append('}');
      before = hop.micros;
    }
    return json.append("]}").toString();
  }

  private static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ') {
        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }
}
