package vigie.base.fuzz;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Makes new inputs of old ones: cut, joined, repeated, with some bytes changed; now and then noise.
 */
final class Mutator {
  private final List<byte[]> corpus;
  private final Random random;
  private final int most;

  Mutator(List<byte[]> corpus, Random random, int most) {
    this.corpus = corpus;
    this.random = random;
    this.most = most;
  }

  byte[] next() {
    if (corpus.isEmpty() || random.nextInt(16) == 0) {
      byte[] noise = new byte[random.nextInt(64)];
      random.nextBytes(noise);
      return noise;
    }
    byte[] made = piece(1 + random.nextInt(4) / 3);
    for (int changes = random.nextInt(4); changes > 0 && made.length > 0; changes--) {
      int at = random.nextInt(made.length);
      switch (random.nextInt(4)) {
        case 0 -> made[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> made[at] = (byte) random.nextInt(256);
        case 2 -> made = joined(Arrays.copyOf(made, at), Arrays.copyOfRange(made, at, made.length));
        default -> made[at] = any()[0];
      }
    }
    return made.length > most ? Arrays.copyOf(made, most) : made;
  }

  /** One input whole, or the head of one and the tail of another. */
  private byte[] piece(int of) {
    byte[] first = any();
    if (of == 1) {
      return first.clone();
    }
    byte[] second = any();
    return joined(
        Arrays.copyOf(first, random.nextInt(first.length)),
        Arrays.copyOfRange(second, random.nextInt(second.length), second.length));
  }

  /** Either as they are, or with a piece of another input between, or without some bytes. */
  private byte[] joined(byte[] head, byte[] tail) {
    byte[] between = {};
    int from = 0;
    if (random.nextBoolean()) {
      byte[] other = any();
      int start = random.nextInt(other.length);
      between = Arrays.copyOfRange(other, start, Math.min(other.length, start + random.nextInt(9)));
    } else {
      from = Math.min(tail.length, random.nextInt(9));
    }
    byte[] all = Arrays.copyOf(head, head.length + between.length + tail.length - from);
    System.arraycopy(between, 0, all, head.length, between.length);
    System.arraycopy(tail, from, all, head.length + between.length, tail.length - from);
    return all;
  }

  private byte[] any() {
    byte[] one = corpus.get(random.nextInt(corpus.size()));
    return one.length == 0 ? new byte[] {(byte) random.nextInt(256)} : one;
  }
}
