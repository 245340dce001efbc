using System.IO.Pipes;
using System.Numerics.Tensors;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Cli;

/// <summary>Odd but possible data and options: they work, or are refused in a sentence; nothing is left unfinished.</summary>
[TestClass]
[DoNotParallelize]
public sealed class OddInputTests
{
    [TestMethod]
    [DataRow("numbers,dense,y\n1,u,p\n2,v,q\n3,u,p\n4,v,q\n", "y", DisplayName = "columns called as layers are")]
    [DataRow("a,b,dense\n1,u,p\n2,v,q\n3,u,p\n4,v,q\n", "dense", DisplayName = "a target called as a layer is")]
    [DataRow("a,b,numbers\n1,u,p\n2,v,q\n3,u,p\n4,v,q\n", "numbers", DisplayName = "a target called as the input is")]
    [DataRow("\uFEFFa/b,c d,ü😀/\n1,u,p\n2,v,q\n3,u,p\n4,v,q\n", "ü😀/", DisplayName = "names of other characters")]
    [DataRow("a,,y\n1,u,p\n2,v,q\n3,u,p\n4,v,q\n", "y", DisplayName = "a column without a name")]
    [DataRow("a,y\r\n5,p\r\n5,q\r\n5,p\r\n5,q\r\n", "y", DisplayName = "a column of one value")]
    [DataRow("a,y\n1,\"p, \"\"1\"\"\"\n2,q\n3,\"p, \"\"1\"\"\"\n4,q\n", "y", DisplayName = "classes with quotes")]
    [DataRow("a,y\n1,y\n2,a\n3,y\n4,a\n", "y", DisplayName = "classes called as columns are")]
    [DataRow("a,y\n1,2\n2,2\n3,2\n4,2.5\n", "y", DisplayName = "hardly any spread")]
    [DataRow("a,y\n1,2\n2,2\n3,2\n4,2\n", "y", DisplayName = "a target of one value")]
    public void Odd_tables_are_learned_and_predicted(string text, string target)
    {
        using var folder = new TemporaryFolder();
        var (data, model) = (SampleFiles.Write(folder, "data.csv", text), folder.File("m.onnx"));
        var task = text.Contains(",2\n", StringComparison.Ordinal) ? "regression" : "classification";
        string[] fit = ["--task", task, "--epochs", "1", "--validation-split", "0", "--out", model];
        CommandRun.Of(["train", "mlp", "--data", data, "--target", target, .. fit]).Succeeded();
        CommandRun.Of("evaluate", model, "--data", data).Succeeded();
        var table = CommandRun.Of("predict", model, "--data", data).Succeeded().Output;
        var read = CsvTable.Read(SampleFiles.Write(folder, "p.csv", table));
        Assert.AreEqual(target, read.Columns[0]);
        Assert.AreEqual(4, read.Rows);
        CommandRun.Of("predict", model, "--data", data, "--json").Json();
    }

    [TestMethod]
    [DataRow("a,y\n1e30,p\n-1e30,q\n1e30,p\n2,q\n", "Column 'a' holds 1E+30; expected numbers of at most 1E+18", DisplayName = "numbers")]
    [DataRow("a,y\n1,1e30\n2,-1e30\n3,2e30\n4,1\n", "The target 'y' holds 1E+30; expected numbers", DisplayName = "targets")]
    [DataRow("a,y\n1,1e39\n2,1\n", "beyond the range of float", DisplayName = "a target beyond float")]
    public void Numbers_that_cannot_be_learned_are_refused(string text, string expected)
    {
        using var folder = new TemporaryFolder();
        var data = SampleFiles.Write(folder, "data.csv", text);
        var run = CommandRun.Of("train", "mlp", "--data", data, "--target", "y", "--epochs", "2", "--validation-split", "0", "--out", folder.File("m.onnx"));
        run.Refused(expected);
        Assert.IsFalse(File.Exists(folder.File("m.onnx")));
    }

    [TestMethod]
    [DataRow("--threads 100000", "threads")]
    [DataRow("--resume none.onnx", "none.onnx")]
    [DataRow("--epoch-files none/m.{epoch}.onnx", "none")]
    [DataRow("--epoch-files m.{fun}.onnx", "{fun}, which is not logged")]
    [DataRow("--loss sparse_categorical_crossentropy --metric mse", "sparse_categorical_crossentropy")]
    [DataRow("--validation-data none.csv", "There is no file or folder 'none.csv'")]
    [DataRow("--validation-data data.csv --validation-split 0.5", "both name samples to hold out")]
    [DataRow("--task regression", "is not a number")]
    [DataRow("--separator ;", "has no column 'species'")]
    [DataRow("--ignore length --ignore width --ignore color", "has only column 'species', the target")]
    public void Options_that_do_not_fit_the_data_are_told(string options, string expected)
    {
        using var folder = new TemporaryFolder();
        var previous = Environment.CurrentDirectory;
        try
        {
            Environment.CurrentDirectory = folder.Path;
            SampleFiles.Flowers(folder, 20, "data.csv");
            string[] train = ["train", "mlp", "--data", "data.csv", "--target", "species", "--epochs", "1", "--out", "m.onnx"];
            CommandRun.Of([.. train, .. options.Split(' ')]).Refused(expected);
        }
        finally
        {
            Environment.CurrentDirectory = previous;
        }

        Assert.IsFalse(File.Exists(folder.File("m.onnx")));
    }

    [TestMethod]
    public void Data_is_not_overwritten_by_what_is_made_of_it()
    {
        using var folder = new TemporaryFolder();
        var data = SampleFiles.Flowers(folder, 20);
        var before = File.ReadAllText(data);
        CommandRun.Of("train", "mlp", "--data", data, "--target", "species", "--epochs", "1", "--out", data).Refused("is the data; give --out another name");
        var model = folder.File("m.onnx");
        CommandRun.Of("train", "mlp", "--data", data, "--target", "species", "--epochs", "1", "--out", model).Succeeded();
        CommandRun.Of("predict", model, "--data", data, "--out", data).Refused("is the data; give --out another name");
        CommandRun.Of("predict", model, "--data", data, "--out", model).Refused("is the model; give --out another name");
        Assert.AreEqual(before, File.ReadAllText(data));
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void A_pipe_is_neither_data_nor_a_model()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        pipe.Write("a,y\n1,x\n"u8);
        var path = $"/proc/self/fd/{pipe.ClientSafePipeHandle.DangerousGetHandle()}";
        CommandRun.Of("train", "mlp", "--data", path, "--target", "y").Refused("is a pipe, which can be read only once. Write its content to a file.");
        CommandRun.Of("summary", path).Refused("is a pipe");
    }

    [TestMethod]
    public void Arrays_of_odd_shapes_are_learned_or_refused()
    {
        using var folder = new TemporaryFolder();
        foreach (var (x, y, expected) in new (nint[], nint[], string?)[]
        {
            ([6], [6], null),
            ([6, 1], [6, 1], null),
            ([6, 2, 3, 2, 2], [6], null),
            ([6, 2], [6, 2, 2], ""),
            ([1, 2], [1], "holding out"),
            ([6, 0], [6], ""),
            ([1], [6], "has 1 samples for input 'x' but 6"),
        })
        {
            Npz.Write(folder.File("d.npz"), new Dictionary<string, Tensor<float>> { ["x"] = Noise(x), ["y"] = Noise(y) });
            var run = CommandRun.Of("train", "mlp", "--data", folder.File("d.npz"), "--epochs", "1", "--out", folder.File("m.onnx"));
            if (expected is null) run.Succeeded();
            else run.Refused(expected);
        }
    }

    [TestMethod]
    public void Random_tables_and_options_end_with_a_result_or_a_sentence()
    {
        string[] cells = ["1", "2", "3.5", "-4e3", "", "NA", "x", "y z", "\"q,1\"", "0", "true", "1e30", "\"\"", " 7 ", "ü", "NaN", "Infinity"];
        string[] options =
        [
            "--drop-missing", "--no-header", "--task regression", "--task classification", "--validation-split 0", "--ignore a", "--separator ;", "--loss mse",
            "--metric auc", "--metric f1_score", "--loss hinge", "--patience 1", "--precision float16", "--optimizer sgd", "--batch-size 1", "--json",
        ];
        for (var seed = 0; seed < 40; seed++)
        {
            using var folder = new TemporaryFolder();
            var random = new Random(seed);
            var columns = random.Next(1, 5);
            string[][] kinds = [cells, ["1", "2.5", "3"], ["x", "y", "z"]];
            string[][] pools = [.. Enumerable.Range(0, columns).Select(_ => kinds[random.Next(3)])];
            var rows = Enumerable.Range(0, random.Next(14)).Select(_ => string.Join(',', pools.Select(pool => pool[random.Next(pool.Length)])) + "\n");
            var data = SampleFiles.Write(folder, "d.csv", string.Join(',', new[] { "a", "b", "c", "d" }.Take(columns)) + "\n" + string.Concat(rows));
            string[] chosen = [.. Enumerable.Range(0, random.Next(4)).Select(_ => options[random.Next(options.Length)]).Distinct()];
            string[] train = ["train", "mlp", "--data", data, "--target", ((char)('a' + random.Next(columns))).ToString(), "--epochs", "1"];
            var run = CommandRun.Of([.. train, "--out", folder.File("m.onnx"), .. chosen.SelectMany(option => option.Split(' '))]);
            if (run.Code == 2) run.Misused("");
            else if (run.Code == 1) run.Refused(".");
            else CommandRun.Of("verify", folder.File("m.onnx")).Succeeded();
            Assert.AreEqual(run.Code == 0, File.Exists(folder.File("m.onnx")), $"seed {seed}: {run.Error}");
        }
    }

    private static Tensor<float> Noise(nint[] shape)
    {
        var random = new Random(1);
        var count = shape.Aggregate((nint)1, (product, dim) => product * dim);
        return Tensor.Create([.. Enumerable.Range(0, (int)count).Select(_ => random.NextSingle())], shape);
    }
}
