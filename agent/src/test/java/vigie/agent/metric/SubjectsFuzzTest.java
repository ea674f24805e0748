package vigie.agent.metric;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.agent.metric.CollectorsConfig.Chosen;
import vigie.agent.reader.Strange;

/**
 * What all collectors make of the tree of a host in which a file is strange: a value less or an
 * {@link IOException}. Names and labels that the kernel gives go as far as here.
 */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class SubjectsFuzzTest {
  private static final int ROUNDS = 120;

  /** These ask this machine, or start programs. */
  private static final Set<String> OTHERS =
      Set.of("systemd", "systemd_exporter", "timex", "time", "filesystem", "textfile");

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"vm-6.18", "pi4-6.6", "pizero-6.6", "container-6.1", "server-6.1"})
  void givenStrangeFile_whenAllIsRead_thenNoSubjectFails(String name) throws IOException {
    long seed = Long.getLong("fuzz.seed", new Random().nextLong());
    Random random = new Random(seed);
    List<Path> files = copy(new Fixture(name).folder());
    Map<String, Chosen> on = new HashMap<>();
    for (NodeMetrics.Entry entry : NodeMetrics.COLLECTORS) {
      on.put(entry.name(), new Chosen(!OTHERS.contains(entry.name()), Map.of()));
    }
    NodeMetrics metrics = NodeMetrics.of(new Fixture(folder).host(), new CollectorsConfig(on));
    read(metrics, "as it is");

    for (int round = 0; round < ROUNDS; round++) {
      Path file = files.get(random.nextInt(files.size()));
      byte[] whole = Files.readAllBytes(file);
      String text = Strange.mutate(new String(whole, StandardCharsets.ISO_8859_1), random);
      Files.write(file, text.getBytes(StandardCharsets.ISO_8859_1));

      read(metrics, "-Dfuzz.seed=" + seed + " round " + round + " " + file + "\n" + text);

      Files.write(file, whole);
    }
  }

  private static void read(NodeMetrics metrics, String what) {
    for (Subject subject : metrics.subjects()) {
      try {
        subject.collect();
      } catch (IOException allowed) {
        // It says so.
      } catch (RuntimeException | Error failure) {
        throw new AssertionError(subject.name() + ": " + what, failure);
      }
      for (Family family : subject.families()) {
        try {
          family.take();
        } catch (RuntimeException twice) {
          // Two things of one name: the family is left out, and the collector fails.
        }
      }
    }
  }

  private List<Path> copy(Path tree) throws IOException {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> all = Files.walk(tree)) {
      for (Path source : (Iterable<Path>) all::iterator) {
        Path copy = folder.resolve(tree.relativize(source).toString());
        if (Files.isDirectory(source, LinkOption.NOFOLLOW_LINKS)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(source, copy, LinkOption.NOFOLLOW_LINKS);
        }
        String top = tree.relativize(source).getName(0).toString();
        if (Files.isRegularFile(source, LinkOption.NOFOLLOW_LINKS)
            && Set.of("proc", "sys", "root").contains(top)) {
          files.add(copy);
        }
      }
    }
    return files;
  }
}
