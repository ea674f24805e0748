package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A kill proves nothing about the disk, since the page cache stays. So the packaged programs are
 * traced: what the kernel was asked shows that each record was written, then synced, and only then
 * answered by the collector, and sent by the agent.
 */
class SyncBeforeAnswerIT {
  private static final Pattern CALL = Pattern.compile("^(?:\\[pid +)?(\\d+)\\]? +(.*)$");
  @TempDir Path dir;

  @Test
  void givenPackagedCollector_whenTraced_thenEachRecordIsSyncedBeforeItsAnswer() throws Exception {
    try (Fleet fleet = new Fleet(dir)) {
      Path trace = dir.resolve("trace");
      fleet.collector = traced("collector", trace, 200);
      fleet.awaitReady();
      int records = 20;
      send(fleet.relpPort, records);
      fleet.collector.stopChildren();
      List<String> lines = Files.readAllLines(trace, StandardCharsets.ISO_8859_1);
      for (int k = 1; k <= records; k++) {
        int written = firstDone(lines, "mark-" + k + "-of", 0, "write|pwrite64|writev|pwritev");
        int synced = firstDone(lines, "", written, "fdatasync|fsync");
        int answered = firstBegun(lines, (k + 1) + " rsp 6 200 OK", "write|writev|sendto|sendmsg");
        assertThat(written).as("record " + k + " is written").isNotNegative();
        assertThat(synced).as("record " + k + " is synced").isGreaterThan(written);
        assertThat(answered)
            .as("record " + k + " is answered after its sync")
            .isGreaterThan(synced);
      }
    }
  }

  @Test
  void givenPackagedCollector_whenSilencesAreSet_thenEachIsSyncedBeforeItsAnswer()
      throws Exception {
    try (Fleet fleet = new Fleet(dir)) {
      Path trace = dir.resolve("trace");
      fleet.collector = traced("collector", trace, 2000);
      fleet.awaitReady();
      List<String> ids = new ArrayList<>();
      for (int k = 0; k < 5; k++) {
        String body =
            """
            {"matchers": [{"name": "node", "value": "p%d", "isRegex": false}], "createdBy": "anna",
             "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z", "comment": "c"}
            """
                .formatted(k);
        HttpRequest request =
            HttpRequest.newBuilder(URI.create(fleet.url("/api/v2/silences")))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        String answer =
            HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
        assertThat(answer).contains("silenceID");
        ids.add(answer.replaceAll(".*:\"|\"}", ""));
      }
      fleet.collector.stopChildren();
      List<String> lines = Files.readAllLines(trace, StandardCharsets.ISO_8859_1);
      for (String id : ids) {
        int written = firstDone(lines, "silences/" + id, 0, "write|pwrite64|writev|pwritev");
        int synced = firstDone(lines, "", written, "fdatasync|fsync");
        int answered = -1;
        for (int i = 0; i < lines.size() && answered < 0; i++) {
          answered = lines.get(i).contains("silenceID\\\":\\\"" + id) ? i : -1;
        }
        assertThat(written).as("silence %s is written", id).isNotNegative();
        assertThat(synced).as("silence %s is synced", id).isGreaterThan(written);
        assertThat(answered).as("silence %s is answered after its sync", id).isGreaterThan(synced);
      }
    }
  }

  @Test
  void givenPackagedAgent_whenTraced_thenEachEventIsSyncedBeforeItIsSent() throws Exception {
    try (Fleet fleet = new Fleet(dir)) {
      Files.writeString(
          dir.resolve("agent.yaml"),
          """
          node: p1
          listen: 127.0.0.1:%d
          collector: relp://127.0.0.1:%d
          probes:
            - {name: calculatrice, tcp: '127.0.0.1:%d', every: 1s, timeout: 1s}
          patterns: [{name: line, match: '^line'}]
          sources: {journal: false, boot: false, files: [{path: app.log, from: start}]}
          spool: {path: spool}
          """
              .formatted(fleet.agentPort, fleet.relpPort, fleet.servicePort));
      fleet.startCollector();
      fleet.service.up();
      Path trace = dir.resolve("trace");
      fleet.agent = traced("agent", trace, 300_000);
      fleet.awaitOrTell("the probe to be up", () -> fleet.probeIs(true));
      StringBuilder lines = new StringBuilder();
      for (int i = 0; i < 100; i++) {
        lines.append("line ").append(i).append('\n');
      }
      Files.writeString(dir.resolve("app.log"), lines);
      fleet.service.down();
      fleet.awaitOrTell("the probe to be down", () -> fleet.probeIs(false));
      String matches = "/api/vigie/events?limit=1000&filter=type%3Dlog.match";
      fleet.awaitOrTell("the lines", () -> fleet.ask(matches).path("events").size() == 100);
      fleet.agent.stopChildren();

      // What the sources told in groups, and what is urgent.
      SentEvents sent = SentEvents.of(Files.readAllLines(trace, StandardCharsets.ISO_8859_1));
      assertThat(sent.faults()).isEmpty();
      assertThat(sent.count("log.match")).isEqualTo(100);
      assertThat(sent.count("probe.down")).isPositive();
      assertThat(sent.count("agent.stop")).isEqualTo(1);
      assertThat(sent.syncs()).as("one sync serves many").isLessThan(60);
    }
  }

  private Program traced(String program, Path trace, int shownBytes) throws IOException {
    List<String> command =
        List.of(
            Program.peer("strace").toString(),
            "-f",
            "-qq",
            "-y",
            "-s",
            Integer.toString(shownBytes),
            "-e",
            "signal=none",
            "-e",
            "trace=fdatasync,fsync,write,writev,pwrite64,pwritev,sendto,sendmsg",
            "-o",
            trace.toString(),
            Program.bin(program).toString(),
            "run",
            "--config",
            dir.resolve(program + ".yaml").toString());
    return Program.command(dir.resolve(program + ".log"), command);
  }

  /** One record at a time, each after the answer to the one before. */
  private static void send(int port, int records) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      OutputStream out = socket.getOutputStream();
      DataInputStream in = new DataInputStream(socket.getInputStream());
      frame(out, 1, "open", "relp_version=0\nrelp_software=test\ncommands=syslog");
      answer(in, 1);
      for (int k = 1; k <= records; k++) {
        frame(
            out,
            k + 1,
            "syslog",
            "<14>1 2026-01-01T00:00:00Z host app - - - mark-" + k + "-of-" + records);
        answer(in, k + 1);
      }
    }
  }

  private static void frame(OutputStream out, int txnr, String command, String data)
      throws IOException {
    byte[] bytes = data.getBytes(StandardCharsets.US_ASCII);
    out.write(
        (txnr + " " + command + " " + bytes.length + " ").getBytes(StandardCharsets.US_ASCII));
    out.write(bytes);
    out.write('\n');
    out.flush();
  }

  private static void answer(DataInputStream in, int txnr) throws IOException {
    StringBuilder head = new StringBuilder();
    int spaces = 0;
    while (spaces < 3) {
      int b = in.readUnsignedByte();
      spaces += b == ' ' ? 1 : 0;
      head.append((char) b);
    }
    String[] parts = head.toString().strip().split(" ", -1);
    assertThat(parts[0] + " " + parts[1]).isEqualTo(txnr + " rsp");
    byte[] data = in.readNBytes(Integer.parseInt(parts[2]) + 1);
    assertThat(new String(data, StandardCharsets.US_ASCII)).startsWith("200 OK");
  }

  /**
   * The line from {@code from} on where a call that shows the text has ended; -1 if there is none.
   */
  private static int firstDone(List<String> lines, String text, int from, String calls) {
    Map<String, Boolean> open = new java.util.HashMap<>();
    Pattern begins = Pattern.compile("^(" + calls + ")\\(.*");
    Pattern ends = Pattern.compile("^<\\.\\.\\. (" + calls + ") resumed>.*");
    for (int i = Math.max(0, from); i < lines.size(); i++) {
      Matcher line = CALL.matcher(lines.get(i));
      if (!line.matches()) {
        continue;
      }
      String thread = line.group(1);
      String call = line.group(2);
      if (begins.matcher(call).matches() && call.contains(text) && i > from - 1) {
        if (!call.endsWith("<unfinished ...>")) {
          return i;
        }
        open.put(thread, true);
      } else if (ends.matcher(call).matches() && open.remove(thread) != null) {
        return i;
      }
    }
    return -1;
  }

  private static int firstBegun(List<String> lines, String text, String calls) {
    Pattern begins = Pattern.compile("^(" + calls + ")\\(.*");
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      Matcher line = CALL.matcher(lines.get(i));
      if (line.matches()
          && begins.matcher(line.group(2)).matches()
          && line.group(2).contains("\"" + text)) {
        found.add(i);
      }
    }
    return found.isEmpty() ? -1 : found.get(0);
  }
}
