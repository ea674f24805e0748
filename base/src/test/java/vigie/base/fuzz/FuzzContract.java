package vigie.base.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Feeds something that reads foreign bytes: in every run the inputs kept in {@code
 * src/test/resources/fuzz/NAME.txt}, and bytes made of these by chance; with {@code -Pfuzz} also
 * what Jazzer makes of them, guided by the branches that they reach.
 *
 * <p>A subclass is named {@code NAMEFuzzTest}. One line of its file is one input in Base64, behind
 * {@code #} a comment; what Jazzer finds is added there, and so stays a test.
 */
public abstract class FuzzContract {
  private static final String SUFFIX = "FuzzTest";
  private static final int MOST_KEPT = 60;

  /**
   * Reads the bytes and throws whatever the reader should not have thrown, or an {@code
   * AssertionError} where it made something wrong of them.
   */
  protected abstract void feed(byte[] bytes) throws Exception;

  /** Good inputs to begin with, besides those in the file. */
  protected abstract List<byte[]> seeds() throws IOException;

  /** How many inputs made by chance each run tries; so many that it takes a second or two. */
  protected int rounds() {
    return 20_000;
  }

  /** How long an input Jazzer makes, in bytes. */
  protected int mostBytes() {
    return 4096;
  }

  protected static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void givenKeptInputs_whenFed_thenAllHolds() throws Exception {
    for (byte[] input : corpus()) {
      fed(input, "kept");
    }
  }

  @Test
  void givenInputsMadeByChance_whenFed_thenAllHolds() throws Exception {
    long seed = Long.getLong("fuzz.seed", System.nanoTime());
    Mutator mutator = new Mutator(corpus(), new Random(seed), mostBytes());
    for (int i = 0; i < rounds(); i++) {
      fed(mutator.next(), "-Dfuzz.seed=" + seed);
    }
  }

  private void fed(byte[] input, String origin) {
    byte[] given = input.clone();
    try {
      feed(given);
    } catch (Exception | AssertionError | StackOverflowError fault) {
      throw new AssertionError(
          origin + ", as a line of " + file() + ": " + shown(input) + "\n" + fault, fault);
    }
  }

  private static String shown(byte[] input) {
    return Base64.getEncoder().encodeToString(input);
  }

  @Test
  @EnabledIfSystemProperty(named = "fuzz.seconds", matches = "[1-9][0-9]*")
  void givenInputsThatJazzerMakes_whenFed_thenAllHolds() throws Exception {
    Jazzer.Result result =
        new Jazzer(getClass(), name(), mostBytes())
            .run(corpus(), Integer.getInteger("fuzz.seconds"));

    assertThat(result.fault())
        .as("its input, to be added as a line to %s: %s", file(), result.input())
        .isEmpty();
    if (Boolean.getBoolean("fuzz.keep")) {
      keep(result.reaching());
    }
  }

  private String name() {
    String name = getClass().getSimpleName();
    return name.substring(0, name.length() - SUFFIX.length());
  }

  private Path file() {
    return Path.of("src/test/resources/fuzz", name() + ".txt");
  }

  private List<byte[]> corpus() throws IOException {
    List<byte[]> all = new ArrayList<>(seeds());
    if (Files.exists(file())) {
      for (String line : Files.readAllLines(file())) {
        String input = line.replaceFirst("#.*", "").strip();
        if (!input.isEmpty()) {
          all.add(Base64.getDecoder().decode(input));
        }
      }
    }
    return all;
  }

  /**
   * Rewrites the file: lines with a comment stay, the others are the smallest of those that reach
   * all.
   */
  private void keep(List<byte[]> reaching) throws IOException {
    List<byte[]> seeds = seeds();
    List<String> lines = new ArrayList<>();
    if (Files.exists(file())) {
      Files.readAllLines(file()).stream().filter(l -> l.contains("#")).forEach(lines::add);
    }
    reaching.stream()
        .filter(input -> seeds.stream().noneMatch(seed -> Arrays.equals(seed, input)))
        .map(Base64.getEncoder()::encodeToString)
        .filter(line -> lines.stream().noneMatch(kept -> kept.startsWith(line)))
        .limit(MOST_KEPT)
        .forEach(lines::add);
    Files.createDirectories(file().getParent());
    Files.write(file(), lines);
  }
}
