using System.Numerics.Tensors;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Export.Emit;

namespace OnnxFunctional.Tests.Export.Serving;

/// <summary>Files that take the states of recurrent layers and give them back.</summary>
[TestClass]
public sealed class RecurrentStateTests
{
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_sequence_in_two_halves_gives_the_same_numbers_as_in_one(bool stateful)
    {
        var x = Model.Input([null, 3], batchSize: stateful ? 2 : null, name: "x");
        var sequence = x.Apply(
            new Lstm(4, returnSequences: true, stateful: stateful, name: "lstm"),
            new Gru(3, returnSequences: true, stateful: stateful, name: "gru"),
            new SimpleRnn(2, returnSequences: true, stateful: stateful, name: "rnn"));
        var model = new Model(x, [new Dense(2, name: "steps").Call(sequence), new Lstm(3, name: "last").Call(sequence)]);
        using var folder = new TemporaryFolder();
        var report = model.ExportOnnx(folder.File("m.onnx"), new() { RecurrentStates = true, BatchSizes = [2] });
        Assert.IsTrue(report.Passed);
        using var onnx = OnnxModel.Load(folder.File("m.onnx"));
        string[] states =
            ["lstm/initial_state", "lstm/initial_cell_state", "gru/initial_state", "rnn/initial_state", "last/initial_state", "last/initial_cell_state"];
        CollectionAssert.AreEqual((string[])["x", .. states], onnx.Inputs.Select(input => input.Name).ToArray());
        CollectionAssert.AreEqual(
            (string[])["steps", "last", .. states.Select(Next)], onnx.Outputs.Select(output => output.Name).ToArray());

        var data = EmittedRun.Random(2, 8, 3);
        var whole = onnx.Run(Given(data, null));
        var first = onnx.Run(Given(Part(data, 0, 3), null));
        var second = onnx.Run(Given(Part(data, 3, 8), first));
        var steps = EmittedRun.Floats(whole["steps"]).Chunk(16).ToArray();
        float[] halves = [.. Enumerable.Range(0, 2).SelectMany(sample => EmittedRun.Floats(first["steps"]).Chunk(6).ElementAt(sample)
            .Concat(EmittedRun.Floats(second["steps"]).Chunk(10).ElementAt(sample)))];
        Near.Equal([.. steps.SelectMany(row => row)], halves, 1e-6f, "steps");
        Near.Equal(EmittedRun.Floats(whole["last"]), EmittedRun.Floats(second["last"]), 1e-6f, "last");

        Dictionary<string, OnnxValue> Given(Tensor<float> part, IReadOnlyDictionary<string, OnnxValue>? before)
        {
            var given = onnx.Inputs.Skip(1).ToDictionary(input => input.Name, input => before?[Next(input.Name)] ?? Zeros((int)input.Dimensions[1].Value!));
            given["x"] = part;
            return given;
        }

        static OnnxValue Zeros(int units) => Tensor.Create(new float[2 * units], [2, units]);

        static string Next(string name) => name.Replace("initial", "next", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Each_layer_is_still_one_node()
    {
        var x = Model.Input([null, 3]);
        var model = new Model(x, x.Apply(new Lstm(4, returnSequences: true), new Lstm(4), new Dense(2)));
        using var folder = new TemporaryFolder();
        var report = model.ExportOnnx(folder.File("m.onnx"), new() { RecurrentStates = true });
        Assert.AreEqual(2, report.Graph!.Nodes["LSTM"]);
        Assert.AreEqual(1, report.Graph.Transposes);
    }

    [TestMethod]
    public void Layers_that_cannot_be_passed_on_in_parts_are_refused_by_name()
    {
        var x = Model.Input([null, 3]);
        var ids = Model.Input([null], DType.Int64);
        var model = new Model(
            [x, ids],
            [
                new Bidirectional(new Lstm(2), name: "both").Call(x),
                new Gru(2, name: "masked").Call(new Embedding(5, 3, maskZero: true).Call(ids)),
                new Rnn(new StackedRnnCells([new LstmCell(3)]), name: "cells").Call(x),
            ]);
        var error = Assert.ThrowsExactly<ExportException>(() => model.ToOnnx(new() { RecurrentStates = true })).Message;
        StringAssert.Contains(error, "ExportOptions.RecurrentStates, layer 'both/backward_lstm': it reads a sequence from its end");
        StringAssert.Contains(error, "layer 'masked': its steps are masked; pass sequences without masks.");
        StringAssert.Contains(error, "layer 'cells': its cells are computed in a loop, whose states stay inside.");
    }

    /// <summary>A convolution over time needs the steps before, which no state holds.</summary>
    [TestMethod]
    public void A_model_that_looks_beyond_a_step_is_refused_by_its_numbers()
    {
        var x = Model.Input([null, 3]);
        var model = new Model(x, x.Apply(new Conv1D(4, 3, padding: Padding.Causal), new Lstm(2, name: "lstm")));
        using var folder = new TemporaryFolder();
        var error = Assert.ThrowsExactly<ExportException>(() => model.ExportOnnx(folder.File("m.onnx"), new() { RecurrentStates = true })).Message;
        StringAssert.StartsWith(error, "A sequence in two parts does not give what it gives in one: output 'lstm' differs by");
        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
    }

    private static Tensor<float> Part(Tensor<float> data, int start, int end)
    {
        var all = EmittedRun.Data(data);
        var part = Enumerable.Range(0, 2).SelectMany(sample => all[((sample * 24) + (start * 3))..((sample * 24) + (end * 3))]);
        return Tensor.Create([.. part], [2, end - start, 3]);
    }
}
