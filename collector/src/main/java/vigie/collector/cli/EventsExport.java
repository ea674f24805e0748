package vigie.collector.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code collector events export}. */
@Command(
    name = "export",
    description = {
      "Write events as JSON lines, newest first, with all that import needs to bring them back;",
      "or copy the files of events, also while the collector runs."
    },
    footer = {
      "",
      "Examples:",
      "  collector events export --since 24h --file day.jsonl",
      "  collector events export --node p1 | gzip > p1.jsonl.gz",
      "  collector events export --backup /backup/events-$(date +%F)   (on the collector's host)"
    })
final class EventsExport implements Callable<Integer> {
  @Mixin ReadOptions read = new ReadOptions();
  @Mixin EventsCommand.Filter filter = new EventsCommand.Filter();
  @Mixin EventsCommand.Range range = new EventsCommand.Range();

  @Option(
      names = "--file",
      paramLabel = "FILE",
      description = "write here (default: standard output)")
  @Nullable Path file;

  @Option(
      names = "--backup",
      paramLabel = "DIR",
      description = "copy all files of events into this folder, which is empty or made")
  @Nullable Path backup;

  @Option(
      names = "--storage",
      paramLabel = "DIR",
      description = "with --backup: the collector's storage.path (default: /var/lib/vigie)")
  Path storage = Path.of("/var/lib/vigie");

  private final EventFiles files;
  private long count;

  EventsExport(EventFiles files) {
    this.files = files;
  }

  @Override
  public Integer call() throws IOException {
    Progress progress = new Progress(read.err());
    if (backup != null) {
      try {
        files.backup(storage, backup, progress::say);
      } catch (IOException e) {
        throw new CliException(2, String.valueOf(e.getMessage()));
      }
      progress.end("copied to " + backup);
      return 0;
    }
    if (file == null) {
      return export(read.out(), progress);
    }
    try (Writer out = Files.newBufferedWriter(file, StandardCharsets.UTF_8)) {
      return export(new PrintWriter(new BufferedWriter(out)), progress);
    } catch (IOException e) {
      throw new CliException(2, "cannot write " + file + ": " + e.getMessage());
    }
  }

  private int export(PrintWriter out, Progress progress) {
    JsonNode last =
        EventsCommand.pages(
            read.client(),
            () -> range.add(filter.parameters(read)).add("raw", "true"),
            "",
            Long.MAX_VALUE,
            page -> write(page.path("events"), out, progress));
    out.flush();
    progress.end(count + " events exported");
    EventsCommand.warn(last, read.err());
    return 0;
  }

  private void write(JsonNode events, PrintWriter out, Progress progress) {
    String time = "";
    for (JsonNode event : events) {
      out.println(event);
      count++;
      time = event.path("time").asText();
    }
    if (out.checkError()) {
      throw new CliException(1, "the output takes no more");
    }
    progress.say(count + " events, back to " + Times.full(time));
  }
}
