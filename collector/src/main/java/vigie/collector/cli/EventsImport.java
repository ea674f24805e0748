package vigie.collector.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code collector events import}. */
@Command(
    name = "import",
    description = {
      "Bring exported events (JSON lines) into a running collector, or into the storage of a stopped one.",
      "Each is there once, however often it is imported; imported ones are marked and trigger nothing."
    },
    footer = {
      "",
      "Examples:",
      "  collector events import day.jsonl",
      "  zcat p1.jsonl.gz | collector events import -",
      "  collector events import day.jsonl --storage /var/lib/vigie   (the collector is stopped)"
    })
final class EventsImport implements Callable<Integer> {
  private static final int MOST_LINES = 2_000;
  private static final int MOST_CHARACTERS = 1 << 20;
  @Mixin ReadOptions read = new ReadOptions();

  @Parameters(paramLabel = "FILE", description = "what export wrote; - for standard input")
  String file = "-";

  @Option(
      names = "--storage",
      paramLabel = "DIR",
      description = "the storage.path of a collector that is stopped (default: ask a running one)")
  @Nullable Path storage;

  private final EventFiles files;

  EventsImport(EventFiles files) {
    this.files = files;
  }

  @Override
  public Integer call() throws IOException {
    try (BufferedReader in = input();
        EventFiles.Target target = target()) {
      return run(in, target);
    } catch (NoSuchFileException e) {
      throw new CliException(2, "cannot read " + file + ": no such file");
    }
  }

  private BufferedReader input() throws IOException {
    return file.equals("-")
        ? new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))
        : Files.newBufferedReader(Path.of(file), StandardCharsets.UTF_8);
  }

  private EventFiles.Target target() {
    if (storage == null) {
      return new Remote(read.client());
    }
    try {
      return files.open(storage);
    } catch (IOException e) {
      throw new CliException(2, String.valueOf(e.getMessage()));
    }
  }

  private int run(BufferedReader in, EventFiles.Target target) throws IOException {
    Progress progress = new Progress(read.err());
    EventFiles.Counts all = new EventFiles.Counts(0, 0, 0);
    long before = 0; // lines of the batches before
    List<String> batch = new ArrayList<>();
    int characters = 0;
    String line = in.readLine();
    while (line != null || !batch.isEmpty()) {
      boolean full = batch.size() >= MOST_LINES || characters > MOST_CHARACTERS;
      if (line == null || full) {
        try {
          all = all.plus(target.take(batch));
        } catch (IllegalArgumentException e) {
          throw new CliException(2, file + ", lines behind " + before + ": " + e.getMessage());
        }
        before += batch.size();
        progress.say(all.taken() + " events taken");
        batch.clear();
        characters = 0;
      } else {
        batch.add(line);
        characters += line.length();
        line = in.readLine();
      }
    }
    progress.end(
        all.taken()
            + " events taken, "
            + all.known()
            + " were there already"
            + (all.tooOld() == 0
                ? ""
                : ", " + all.tooOld() + " left out: older than storage.events"));
    return 0;
  }

  /** A running collector. */
  private record Remote(Client client) implements EventFiles.Target {
    @Override
    public EventFiles.Counts take(List<String> lines) {
      JsonNode answer =
          client.post(
              "/api/vigie/events/import",
              "application/x-ndjson",
              String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
      return new EventFiles.Counts(
          answer.path("taken").asLong(),
          answer.path("known").asLong(),
          answer.path("too_old").asLong());
    }

    @Override
    public void close() {}
  }
}
