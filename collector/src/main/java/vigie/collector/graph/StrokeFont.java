package vigie.collector.graph;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Letters as strokes of a pen. A glyph is some strokes of points, each point two characters: x from
 * 0, and y from the baseline (0) to the height of capitals (9), with {@code a}, {@code b}, {@code
 * c} one to three below. {@code ~} makes a curve of a stroke, {@code o} a closed one; what has no
 * glyph is a box.
 */
final class StrokeFont {
  /** Height of a capital, in the units of the table. */
  private static final int CAPITAL = 9;

  private static final int SMALL = 6;
  private static final double GAP = 2.4;
  private static final double SPACE = 3.2;
  private static final String BOX = "0009494000";

  private static final String[] TABLE = {
    "0 o09595000",
    "1 173930 1050",
    "2 ~0709595500 0050",
    "3 ~0809595525 ~2555500001",
    "4 4940 490353",
    "5 590905 ~0556500001",
    "6 ~58590903 o06565000",
    "7 095920",
    "8 o09595505 o05555000",
    "9 o09595303 ~56500001",
    "A 003960 1353",
    "B 0009 ~09595505 ~05656000",
    "C ~676909006062",
    "D 0009 ~09696000",
    "E 59090050 0545",
    "F 590900 0545",
    "G ~67690900606264 6434",
    "H 0009 6069 0565",
    "I 0009",
    "J ~4943400002",
    "K 0009 5904 2650",
    "L 090050",
    "M 0009346960",
    "N 00096069",
    "O o09696000",
    "P 0009 ~09696404",
    "Q o09696000 4260",
    "R 0009 ~09696404 3460",
    "S ~5859090555500001",
    "T 0969 3930",
    "U ~090300606369",
    "V 093069",
    "W 0920476089",
    "X 0960 0069",
    "Y 093569 3530",
    "Z 09690060",
    "a o06565000 5650",
    "b 0900 o06565000",
    "c ~555606005051",
    "d 5950 o06565000",
    "e 0353 ~535606005051",
    "f ~49191610 0636",
    "g o06565000 ~56505c0c0b",
    "h 0900 ~03065653 5350",
    "i 0600 0808",
    "j ~26202c0c 2828",
    "k 0900 4602 1340",
    "l ~09010020",
    "m 0600 ~03064643 4340 ~43468683 8380",
    "n 0600 ~03065653 5350",
    "o o06565000",
    "p 060c o06565000",
    "q 565c o06565000",
    "r 0600 ~03063645",
    "s ~4546060343400001",
    "t ~19121030 0636",
    "u ~0603005053 5650",
    "v 062046",
    "w 0620446086",
    "x 0640 0046",
    "y 0620 461c",
    "z 06460040",
    ". 0000",
    ", 100b",
    ": 0000 0505",
    "; 100b 1515",
    "- 0343",
    "– 0353",
    "— 0373",
    "_ 0a5a",
    "+ 0444 2622",
    "= 0545 0343",
    "/ 0a49",
    "\\ 094a",
    "( ~2906022a",
    ") ~0926220a",
    "[ 29090a2a",
    "] 09292a0a",
    "{ ~39191404 ~04141a3a",
    "} ~09292434 ~34242a0a",
    "< 470441",
    "> 074401",
    "! 0903 0000",
    "? ~070949452523 2020",
    "% 6900 o09292606 o43636040",
    "° o09393606",
    "' 0907",
    "’ 0907",
    "\" 0907 2927",
    "* 2824 0745 0547",
    "# 1029 4059 0363 0666",
    "& ~60170939360300404163",
    "@ ~62600009696343 o26464323",
    "| 090a",
    "~ ~03153345",
    "^ 072947",
    "` 0918",
    "$ ~5859090555500001 2a29",
    "… 0000 2020 4040",
    "· 0404",
    "× 0642 0246",
    "→ 0464 466442",
    "∞ o05353202 o35656232",
    "µ 060c ~0603005053 5650",
  };

  /** Signs above a letter, after it in decomposed text. */
  private static final Map<Character, String> ACCENTS =
      Map.of(
          '\u0301',
          "1729",
          '\u0300',
          "2719",
          '\u0302',
          "071927",
          '\u0308',
          "0808 2828",
          '\u0303',
          "~07183738",
          '\u0327',
          "~10202b0b");

  private static final Map<Character, Glyph> GLYPHS = glyphs();

  private record Glyph(List<double[]> strokes, double width) {}

  private StrokeFont() {}

  /** How wide a text is, in pixels, where a capital is {@code size} pixels high. */
  static double width(String text, double size) {
    return run(null, text, 0, 0, size);
  }

  /** Adds the text to the canvas' stroke, from {@code x} on the baseline {@code y}. */
  static void draw(Canvas canvas, String text, double x, double y, double size) {
    run(canvas, text, x, y, size);
  }

  private static double run(@Nullable Canvas canvas, String text, double x, double y, double size) {
    double unit = size / CAPITAL;
    double at = 0;
    double before = 0;
    boolean tall = false;
    String plain = Normalizer.normalize(text, Normalizer.Form.NFD);
    for (int i = 0; i < plain.length(); i++) {
      char c = plain.charAt(i);
      String accent = ACCENTS.get(c);
      if (accent != null) {
        if (canvas != null) {
          double middle = at - GAP - before / 2 - 1;
          double up = tall && c != '\u0327' ? CAPITAL - SMALL : 0;
          draw(canvas, glyph(accent), x + middle * unit, y - up * unit, unit);
        }
        continue;
      }
      if (Character.getType(c) == Character.NON_SPACING_MARK || Character.isLowSurrogate(c)) {
        continue;
      }
      if (c == ' ' || c == '\u00a0' || c == '\u202f') {
        at += SPACE + GAP;
        before = SPACE;
        continue;
      }
      Glyph glyph = GLYPHS.getOrDefault(c, glyph(BOX));
      if (canvas != null) {
        draw(canvas, glyph, x + at * unit, y, unit);
      }
      at += glyph.width + GAP;
      before = glyph.width;
      tall = Character.isUpperCase(c);
    }
    return Math.max(0, at - GAP) * unit;
  }

  private static void draw(Canvas canvas, Glyph glyph, double x, double y, double unit) {
    double pen = Math.max(0.62, unit * 0.5);
    for (double[] stroke : glyph.strokes) {
      for (int i = 0; i + 3 < stroke.length; i += 2) {
        canvas.segment(
            x + stroke[i] * unit,
            y - stroke[i + 1] * unit,
            x + stroke[i + 2] * unit,
            y - stroke[i + 3] * unit,
            pen);
      }
    }
  }

  private static Map<Character, Glyph> glyphs() {
    Map<Character, Glyph> glyphs = new HashMap<>();
    for (String line : TABLE) {
      glyphs.put(line.charAt(0), glyph(line.substring(2)));
    }
    return Map.copyOf(glyphs);
  }

  private static Glyph glyph(String text) {
    List<double[]> strokes = new ArrayList<>();
    double width = 0;
    for (String stroke : text.split(" ", -1)) {
      boolean closed = stroke.startsWith("o");
      boolean curved = closed || stroke.startsWith("~");
      List<double[]> points = new ArrayList<>();
      for (int i = curved ? 1 : 0; i + 1 < stroke.length(); i += 2) {
        double x = stroke.charAt(i) - '0';
        char y = stroke.charAt(i + 1);
        points.add(new double[] {x, y >= 'a' ? 'a' - 1 - y : y - '0'});
        width = Math.max(width, x);
      }
      for (int i = 0; curved && i < 3; i++) {
        points = cut(points, closed);
      }
      if (closed) {
        points.add(points.get(0));
      }
      strokes.add(points.stream().flatMapToDouble(Arrays::stream).toArray());
    }
    return new Glyph(strokes, width);
  }

  /** Cuts each corner off at a quarter of its sides (Chaikin); the ends of an open line stay. */
  private static List<double[]> cut(List<double[]> points, boolean closed) {
    List<double[]> out = new ArrayList<>();
    int size = points.size();
    if (!closed) {
      out.add(points.get(0));
    }
    for (int i = 0; i < (closed ? size : size - 1); i++) {
      double[] a = points.get(i);
      double[] b = points.get((i + 1) % size);
      // The first and the last side of an open line keep their outer halves.
      if (closed || i > 0) {
        out.add(between(a, b, 0.25));
      }
      if (closed || i < size - 2) {
        out.add(between(a, b, 0.75));
      }
    }
    if (!closed) {
      out.add(points.get(size - 1));
    }
    return out;
  }

  private static double[] between(double[] a, double[] b, double share) {
    return new double[] {a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share};
  }
}
