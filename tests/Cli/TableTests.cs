using System.Globalization;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Export;

namespace OnnxFunctional.Tests.Cli;

/// <summary>From a table to a verified file, and predictions in the words of the table.</summary>
[TestClass]
[DoNotParallelize]
public sealed class TableTests
{
    [TestMethod]
    [DataRow(',', "flowers.csv")]
    [DataRow(';', "flowers.txt")]
    [DataRow('\t', "flowers.png")]
    public void A_table_with_numbers_and_words_becomes_a_file_that_names_classes(char separator, string name)
    {
        using var folder = new TemporaryFolder();
        var (data, model) = (SampleFiles.Flowers(folder, name: name, separator: separator), folder.File("flowers.onnx"));
        var result = CommandRun.Of("train", "mlp", "--data", data, "--target", "species", "--epochs", "20", "--out", model, "--json").Json();
        Assert.IsTrue((bool)result["verified"]!);
        Assert.AreEqual(96, (int)result["trainingSamples"]!);
        Assert.AreEqual(24, (int)result["heldOutSamples"]!);
        Assert.HasCount(20, result["epochs"]!.AsArray());
        Assert.AreEqual("""["iris","lily","rose"]""", result["data"]!["classes"]!.ToJsonString());
        Assert.AreEqual("""{"numbers":["length","width"],"color":["color"]}""", result["data"]!["inputs"]!.ToJsonString());
        Assert.AreEqual((double)result["engine"]!["accuracy"]!, (double)result["onnxRuntime"]!["accuracy"]!);
        Assert.IsGreaterThan(0.7, (double)result["onnxRuntime"]!["accuracy"]!);

        // The target is that of the file; further columns are not looked at.
        var scores = CommandRun.Of("evaluate", model, "--data", data, "--json").Json();
        Assert.AreEqual("ONNX Runtime", (string)scores["runtime"]!);
        Assert.HasCount(3, scores["classes"]!.AsArray());
        Assert.AreEqual("rose", (string)scores["classes"]![2]!["name"]!);

        var rows = SampleFiles.Write(folder, "new.csv", "color,extra,width,length\nred,x,100,1\ngreen,y,30,3.5\n");
        var lines = CommandRun.Of("predict", model, "--data", rows).Succeeded().Output.Trim().Split(Environment.NewLine);
        Assert.AreEqual("species,iris,lily,rose", lines[0]);
        StringAssert.StartsWith(lines[1], "rose,");
        Assert.HasCount(3, lines);
        CommandRun.Of("verify", model).Succeeded();
    }

    [TestMethod]
    public void Numbers_are_predicted_in_their_own_range()
    {
        using var folder = new TemporaryFolder();
        var (data, model) = (SampleFiles.Houses(folder), folder.File("houses.onnx"));
        var result = CommandRun.Of(
            "train", "mlp", "--data", data, "--target", "price", "--epochs", "60", "--metric", "mae", "--metric", "r2_score", "--out", model, "--json").Json();
        Assert.IsNull(result["data"]!["classes"]);
        Assert.IsGreaterThan(0.9, (double)result["onnxRuntime"]!["r2_score"]!);
        Assert.AreEqual("loss,mean_absolute_error,r2_score", string.Join(',', result["engine"]!.AsObject().Select(entry => entry.Key)));

        var rows = SampleFiles.Write(folder, "new.csv", "area,rooms\n100,4\n");
        var lines = CommandRun.Of("predict", model, "--data", rows).Succeeded().Output.Trim().Split(Environment.NewLine);
        Assert.AreEqual("price", lines[0]);
        Assert.AreEqual(380_000, double.Parse(lines[1], CultureInfo.InvariantCulture), 60_000);
        var scores = CommandRun.Of("evaluate", model, "--data", data, "--json").Json()["scores"]!;
        Assert.IsNotNull(scores["mean_absolute_error"]);
    }

    [TestMethod]
    [DataRow("1,0\n2,0\n3,1\n4,1\n", null, "0,1", DisplayName = "few whole numbers, each again")]
    [DataRow("1,7\n2,7\n3,12\n4,12\n", null, "7,12", DisplayName = "in the order of numbers")]
    [DataRow("1,10\n2,20\n3,30\n4,40\n", null, null, DisplayName = "each once")]
    [DataRow("1,10\n2,20\n3,30\n4,40\n", "classification", "10,20,30,40", DisplayName = "classes on request")]
    [DataRow("1,0\n2,0\n3,1\n4,1\n", "regression", null, DisplayName = "numbers on request")]
    [DataRow("1,0.5\n2,0.5\n3,1.5\n4,1.5\n", null, null, DisplayName = "fractions")]
    [DataRow("1,no\n2,no\n3,yes\n4,yes\n", null, "no,yes", DisplayName = "text")]
    public void The_target_says_whether_classes_or_numbers_are_learned(string rows, string? task, string? expected)
    {
        using var folder = new TemporaryFolder();
        var data = SampleFiles.Write(folder, "data.csv", "x,y\n" + rows);
        string[] more = task is null ? [] : ["--task", task];
        string[] line = ["train", "mlp", "--data", data, "--target", "y", "--epochs", "1", "--validation-split", "0", "--out", folder.File("m.onnx"), "--json"];
        var result = CommandRun.Of([.. line, .. more]).Json();
        Assert.AreEqual(0, (int)result["heldOutSamples"]!);
        Assert.AreEqual(expected, result["data"]!["classes"] is { } classes ? string.Join(',', classes.AsArray().Select(name => (string)name!)) : null);
    }

    [TestMethod]
    [DataRow("", "is empty; expected a CSV or TSV table", DisplayName = "an empty file")]
    [DataRow("a,y\n", "has a header and no rows. Pass --no-header if the first line is data.", DisplayName = "a header only")]
    [DataRow("a,b\n1,2\n", "has no column 'y', which --target names. It has a, b.", DisplayName = "no target column")]
    [DataRow("a,Y\n1,2\n", "has no column 'y', which --target names. Did you mean 'Y'?", DisplayName = "a target of other letters")]
    [DataRow("y\n1\n2\n", "has only column 'y', the target", DisplayName = "nothing to predict from")]
    [DataRow("a,y\n1,x\n2,x\n3,x\n", "has one class only, 'x'", DisplayName = "one class")]
    [DataRow("a,y\n1,x\n", "has one class only", DisplayName = "one row")]
    [DataRow("a,y\n1,1.5\n", "has 1 sample; holding out", DisplayName = "one row of numbers")]
    [DataRow("a,y\n1,x\n,z\n", "line 3, column 'a': '' is empty. Fill in a number, or leave the column out. In train", DisplayName = "a gap")]
    [DataRow("a,y\n1,x\nNA,z\n", "line 3, column 'a': 'NA' is not a number", DisplayName = "NA")]
    [DataRow("a,y\n1,x\nNaN,z\n", "row 2, column 'a': the value is missing", DisplayName = "NaN")]
    [DataRow("a,y\n1,x\nInfinity,z\n", "Row 2 of column 'a' holds Infinity; expected a number.", DisplayName = "infinity")]
    [DataRow("a,y\n1,x\n2,z\nl3,x\n4,z\n", "row 3, column 'a': 'l3' is not a number, as most cells of the column are.", DisplayName = "a slip")]
    [DataRow("a,y\n1,x\n2,\n", "row 2, column 'y': the value is missing", DisplayName = "no target in a row")]
    [DataRow("a,b,y\n1,,x\n2,,z\n", "has nothing in column 'b'. Leave it out with --ignore b.", DisplayName = "an empty column")]
    [DataRow("a,y\n1,x\n2,z,3\n", "line 3: 3 cells, expected 2", DisplayName = "a cell too many")]
    [DataRow("a,a\n1,x\n", "two columns called 'a'", DisplayName = "a name twice")]
    [DataRow("a,y\n1,\"x\n", "a quote is opened and never closed. Close it, or pass --no-quotes if quotes are ordinary text.", DisplayName = "an open quote")]
    public void Bad_tables_are_told(string text, string expected)
    {
        using var folder = new TemporaryFolder();
        var data = SampleFiles.Write(folder, "data.csv", text);
        var run = CommandRun.Of("train", "mlp", "--data", data, "--target", "y", "--epochs", "1", "--out", folder.File("m.onnx"));
        run.Refused(expected);
        Assert.AreEqual("", run.Output);
        CollectionAssert.AreEqual(new[] { data }, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void Rows_with_gaps_are_left_out_on_request()
    {
        using var folder = new TemporaryFolder();
        var data = SampleFiles.Write(folder, "data.csv", "a,b,y\n1,u,x\n,u,x\n2,v,z\n?,v,z\n3,,x\n4,v,z\n5,v,\n");
        string[] fit = ["--epochs", "1", "--validation-split", "0", "--out", folder.File("m.onnx"), "--json"];
        string[] train = ["train", "mlp", "--data", data, "--target", "y", .. fit];
        CommandRun.Of(train).Refused("--drop-missing leaves such rows out");

        // A gap in a column of words is a word.
        Assert.AreEqual(4, (int)CommandRun.Of([.. train, "--drop-missing"]).Json()["trainingSamples"]!);
        Assert.AreEqual(4, (int)CommandRun.Of("evaluate", folder.File("m.onnx"), "--data", data, "--drop-missing", "--json").Json()["samples"]!);
        CommandRun.Of("predict", folder.File("m.onnx"), "--data", data).Refused("'' is empty");
    }

    [TestMethod]
    public void Columns_are_left_out_and_files_without_names_are_read_on_request()
    {
        using var folder = new TemporaryFolder();
        var data = SampleFiles.Write(folder, "data.csv", "1,7,x\n2,8,z\n3,9,x\n4,1,z\n");
        var result = CommandRun.Of(
            "train", "mlp", "--data", data, "--no-header", "--target", "2", "--ignore", "1", "--epochs", "1", "--out", folder.File("m.onnx"), "--json").Json();
        Assert.AreEqual("""{"numbers":["0"]}""", result["data"]!["inputs"]!.ToJsonString());
        CommandRun.Of("train", "mlp", "--data", data, "--no-header", "--target", "2", "--ignore", "9").Refused("has no column '9', which --ignore names");
        CommandRun.Of("train", "mlp", "--data", data).Refused("Name the one to predict with --target");
    }

    [TestMethod]
    [DataRow("a\tb; c, d\ty\n1\t2\tx\n3\t4\tz\n", "a,b; c, d")]
    [DataRow("a;\"b,c,d\";y\n1;2;x\n3;4;z\n", "a,b,c,d")]
    [DataRow("a,b\n1,x\n2,z\n", "a")]
    public void The_first_line_says_what_separates_cells(string text, string columns)
    {
        using var folder = new TemporaryFolder();
        var target = text.StartsWith("a,b", StringComparison.Ordinal) ? "b" : "y";
        var data = SampleFiles.Write(folder, "data.csv", text);
        var result = CommandRun.Of("train", "mlp", "--data", data, "--target", target, "--epochs", "1", "--out", folder.File("m.onnx"), "--json").Json();
        Assert.AreEqual(columns, string.Join(',', result["data"]!["inputs"]!["numbers"]!.AsArray().Select(name => (string)name!)));
    }

    [TestMethod]
    public void Losses_and_metrics_that_compare_values_get_classes_as_ones_among_zeros()
    {
        using var folder = new TemporaryFolder();
        var (data, model) = (SampleFiles.Flowers(folder, 40), folder.File("m.onnx"));
        string[] metrics = ["--metric", "accuracy", "--metric", "auc", "--metric", "precision", "--metric", "f1_score"];
        string[] train = ["train", "mlp", "--data", data, "--target", "species", "--epochs", "2", "--out", model, "--json", .. metrics];
        var result = CommandRun.Of(train).Json();
        Assert.AreEqual((double)result["engine"]!["auc"]!, (double)result["onnxRuntime"]!["auc"]!, 1e-6);
        CommandRun.Of([.. train, "--loss", "mse"]).Json();
        var scores = CommandRun.Of(["evaluate", model, "--data", data, "--json", .. metrics]).Json();
        var names = scores["scores"]!.AsObject().Select(entry => entry.Key);
        Assert.AreEqual("loss,accuracy,auc,precision,f1_score_0,f1_score_1,f1_score_2", string.Join(',', names));
        Assert.HasCount(3, scores["classes"]!.AsArray());
        CommandRun.Of("evaluate", model, "--data", data, "--loss", "sparse_categorical_crossentropy").Succeeded();
    }

    [TestMethod]
    public void Texts_of_many_words_are_learned_by_their_words()
    {
        using var folder = new TemporaryFolder();
        var random = new Random(8);
        string[] usual = ["the", "a", "film", "was", "on", "and", "\"it\"", "said"];
        var rows = Enumerable.Range(0, 80).Select(i => string.Join(' ', Enumerable.Range(0, 7).Select(_ => usual[random.Next(usual.Length)]))
            + (i % 2 == 0 ? " great\tgood\n" : " dull\tbad\n"));
        var (data, model) = (SampleFiles.Write(folder, "reviews.tsv", "text\tverdict\n" + string.Concat(rows)), folder.File("m.onnx"));
        string[] train = ["train", "mlp", "--data", data, "--no-quotes", "--target", "verdict", "--epochs", "8", "--out", model, "--json"];
        Assert.AreEqual(1, (double)CommandRun.Of(train).Json()["onnxRuntime"]!["accuracy"]!);
        var fresh = SampleFiles.Write(folder, "new.csv", "text\nGreat! She said so\nhow dull it was\n");
        var lines = CommandRun.Of("predict", model, "--data", fresh).Succeeded().Output.Split(Environment.NewLine);
        Assert.AreEqual("good bad", $"{lines[1].Split(',')[0]} {lines[2].Split(',')[0]}");
    }

    [TestMethod]
    public void Ids_are_no_words()
    {
        using var folder = new TemporaryFolder();
        var rows = Enumerable.Range(0, 1100).Select(i => string.Create(CultureInfo.InvariantCulture, $"n{i},{i},{i % 2}\n"));
        var data = SampleFiles.Write(folder, "data.csv", "id,a,y\n" + string.Concat(rows));
        CommandRun.Of("train", "mlp", "--data", data, "--target", "y").Refused("Leave it out with --ignore id.");
        CommandRun.Of("train", "mlp", "--data", data, "--target", "id").Refused("too many to be classes");
    }

    [TestMethod]
    [DataRow("cnn")]
    [DataRow("lstm")]
    public void Networks_for_images_and_sequences_refuse_columns(string network)
    {
        using var folder = new TemporaryFolder();
        CommandRun.Of("train", network, "--data", SampleFiles.Houses(folder, 10), "--target", "price", "--out", folder.File("m.onnx"))
            .Refused("samples of columns. Use mlp.");
    }

    [TestMethod]
    public void New_data_must_have_the_columns_and_classes_of_the_model()
    {
        using var folder = new TemporaryFolder();
        var model = folder.File("m.onnx");
        CommandRun.Of("train", "mlp", "--data", SampleFiles.Flowers(folder), "--target", "species", "--epochs", "1", "--out", model).Succeeded();
        var data = SampleFiles.Write(folder, "a.csv", "length,colour\n1,red\n");
        CommandRun.Of("predict", model, "--data", data).Refused("has no column 'width', which the model takes.");
        data = SampleFiles.Write(folder, "b.csv", "length,width,color,species\n1,2,red,tulip\n");
        CommandRun.Of("evaluate", model, "--data", data)
            .Refused("Row 1 has 'tulip' in column 'species', which is none of the model's classes: iris, lily, rose.");
        data = SampleFiles.Write(folder, "c.csv", "length,width,color\nshort,2,red\n");
        CommandRun.Of("predict", model, "--data", data).Refused("line 2, column 'length': 'short' is not a number");
        CommandRun.Of("evaluate", model, "--data", data).Refused("Name the one to predict with --target");
    }

    [TestMethod]
    public void A_damaged_description_is_told()
    {
        using var folder = new TemporaryFolder();
        var input = Model.Input([2]);
        var model = new Model(input, new OnnxFunctional.Layers.Dense(1).Call(input));
        var data = SampleFiles.Write(folder, "a.csv", "a,b\n1,2\n");
        string[] texts = ["{", "[]", "7", """{"target":3}""", """{"target":"y","classes":"a"}""", """{"target":"y","inputs":[]}""", """{"classes":[null]}"""];
        foreach (var text in texts)
        {
            model.ExportOnnx(folder.File("m.onnx"), new() { Verify = false, Metadata = new Dictionary<string, string> { [DataDescription.Key] = text } });
            CommandRun.Of("predict", folder.File("m.onnx"), "--data", data).Refused("has a damaged entry 'onnxfunctional.data'");
        }
    }
}
