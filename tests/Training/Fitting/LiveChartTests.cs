using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Fitting;

/// <summary>What a terminal shows while Fit draws its chart.</summary>
[TestClass]
public sealed partial class LiveChartTests
{
    [TestMethod]
    [DataRow(40)]
    [DataRow(80)]
    [DataRow(200)]
    public void The_screen_holds_one_chart_of_all_epochs_and_the_last_values(int columns)
    {
        const int Epochs = 5;
        using var terminal = new Utf8Writer();
        var history = Fit(terminal, columns, Epochs, validates: true);
        var screen = Screen(terminal.ToString());
        foreach (var row in screen) Assert.IsLessThan(columns, row.Length, row);
        var text = string.Join('\n', screen);
        Assert.HasCount(1, screen.Where(row => row.Contains("\u2500 loss", StringComparison.Ordinal)), text);
        Assert.HasCount(1, screen.Where(row => row.StartsWith("Epoch ", StringComparison.Ordinal)), text);
        StringAssert.Contains(text, "Epoch 5");
        StringAssert.Contains(text, "\u2508 val_loss");
        Assert.AreEqual(columns > 50, text.Contains("\u2500 accuracy", StringComparison.Ordinal), text);
        var values = string.Concat(screen.SkipWhile(row => !row.StartsWith("Epoch 5", StringComparison.Ordinal)));
        foreach (var name in (string[])["loss", "accuracy", "val_loss", "val_accuracy"]) StringAssert.Contains(values, $"- {name}: ");
        Assert.HasCount(Epochs, history["loss"]);
    }

    [TestMethod]
    public void Training_is_the_same_with_the_chart_as_without()
    {
        using var terminal = new Utf8Writer();
        var shown = Fit(terminal, 80, 3, validates: false);
        CollectionAssert.AreEqual(Fit(null, 80, 3, validates: false)["loss"].ToArray(), shown["loss"].ToArray());
    }

    [TestMethod]
    public void A_terminal_that_was_closed_ends_no_training()
    {
        using var terminal = new Utf8Writer { FailsAfter = 300 };
        Assert.HasCount(3, Fit(terminal, 80, 3, validates: false)["loss"]);
    }

    [TestMethod]
    public void The_option_has_a_name_and_is_not_one_of_Kerass_numbers()
    {
        Assert.AreEqual("Chart", Verbosity.Chart.ToString());
        Assert.IsFalse(((Verbosity[])[0, 1, 2]).Contains(Verbosity.Chart));
    }

    private static History Fit(Utf8Writer? terminal, int columns, int epochs, bool validates)
    {
        var model = new Sequential([2], new Dense(8, Activation.Tanh), new Dense(1, Activation.Sigmoid));
        float[,] x = { { 0, 0 }, { 0, 1 }, { 1, 0 }, { 1, 1 } };
        float[] y = [0, 1, 1, 0];
        Callback[] callbacks = terminal is null ? [] : [new LiveChart(new ProgressBar(terminal, () => columns, epochs, 2))];
        var trainer = model.Compile(new Adam(0.05), Loss.BinaryCrossentropy, metrics: [Metric.Accuracy]);
        return trainer.Fit(x, y, batchSize: 2, epochs: epochs, verbose: 0, callbacks: callbacks, validationData: validates ? (x, y) : null);
    }

    /// <summary>The rows that a terminal shows after an output with carriage returns, moves upward and clearing of what is below.</summary>
    private static List<string> Screen(string output)
    {
        var rows = new List<StringBuilder> { new() };
        var (row, column) = (0, 0);
        for (var i = 0; i < output.Length; i++)
        {
            if (Command().Match(output, i) is { Success: true } command && command.Index == i)
            {
                if (command.Groups[2].Value == "A") row = Math.Max(0, row - int.Parse(command.Groups[1].Value, CultureInfo.InvariantCulture));
                else
                {
                    rows.RemoveRange(row + 1, rows.Count - row - 1);
                    rows[row].Length = Math.Min(rows[row].Length, column);
                }

                i += command.Length - 1;
            }
            else if (output[i] == '\r') column = 0;
            else if (output[i] == '\n')
            {
                (row, column) = (row + 1, 0);
                if (row == rows.Count) rows.Add(new());
            }
            else
            {
                if (rows[row].Length <= column) rows[row].Append(' ', column - rows[row].Length + 1);
                rows[row][column++] = output[i];
            }
        }

        return [.. rows.Select(line => line.ToString().TrimEnd())];
    }

    [GeneratedRegex("\u001b\\[(\\d*)([AJ])")]
    private static partial Regex Command();

    private sealed class Utf8Writer : StringWriter
    {
        public int FailsAfter { get; init; } = int.MaxValue;

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(string? value)
        {
            if (GetStringBuilder().Length > FailsAfter) throw new IOException("closed");
            base.Write(value);
        }
    }
}
