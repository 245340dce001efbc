using OnnxFunctional.Cli.Usage;

namespace OnnxFunctional.Tests.Cli;

/// <summary>Wrong usage ends with a sentence on standard error and exit code 2; wrong words get the nearest right one.</summary>
[TestClass]
[DoNotParallelize]
public sealed class UsageTests
{
    [TestMethod]
    [DataRow("quickstart --epochs 0", "--epochs is 0; expected a whole number of at least 1.", DisplayName = "no epochs")]
    [DataRow("quickstart --threads -1", "--threads is -1; expected a whole number of at least 1.", DisplayName = "threads below one")]
    [DataRow("quickstart --epochs many", "--epochs is 'many'; expected a whole number.", DisplayName = "epochs that are no number")]
    [DataRow("quickstart --epochs 2.5", "--epochs is '2.5'; expected a whole number.", DisplayName = "half an epoch")]
    [DataRow("quickstart --epochs 99999999999999999999", "expected a whole number of at most 2147483647", DisplayName = "too many epochs")]
    [DataRow("quickstart --epochs", "--epochs has no value; expected COUNT.", DisplayName = "no value")]
    [DataRow("quickstart --speed 3", "There is no option '--speed' of quickstart.", DisplayName = "unknown option")]
    [DataRow("quickstart --epoch 3", "Did you mean '--epochs'?", DisplayName = "an option's name cut off")]
    [DataRow("quickstart --epoch=3", "There is no option '--epoch' of quickstart. Did you mean '--epochs'?", DisplayName = "with an equals sign")]
    [DataRow("quickstart --seed -4", "--seed is -4; expected a whole number of at least 0.", DisplayName = "negative seed")]
    [DataRow("quickstart now", "quickstart takes no argument, but also got 'now'.", DisplayName = "superfluous argument")]
    [DataRow("train mlp --data x --learning-rate fast", "--learning-rate is 'fast'; expected a number above 0.", DisplayName = "a rate that is no number")]
    [DataRow("train mlp --data x --learning-rate 0", "--learning-rate is '0'; expected a number above 0.", DisplayName = "a rate of 0")]
    [DataRow("train mlp --data x --learning-rate NaN", "expected a number above 0", DisplayName = "a rate of NaN")]
    [DataRow("train mlp --data x --precision float8", "--precision is 'float8'; expected float32, float16 or bfloat16.", DisplayName = "unknown precision")]
    [DataRow("train mlp --data x --optimizer adan", "Did you mean 'adam'?", DisplayName = "misspelled optimizer")]
    [DataRow("train mlp --data x --loss mean_square_error", "Did you mean 'mean_squared_error'?", DisplayName = "misspelled loss")]
    [DataRow("train mlp --data x --metric acuracy", "Did you mean 'accuracy'?", DisplayName = "misspelled metric")]
    [DataRow("train mlp --data x --validation-split 1", "expected a share of at least 0 and below 1", DisplayName = "all held out")]
    [DataRow("train mlp --data x --separator ab", "expected one character that is no quote, or tab", DisplayName = "a separator of two characters")]
    [DataRow("train mlp --data x --image-size 3x", "expected a whole number, or height and width as 48x64", DisplayName = "half an image size")]
    [DataRow("train mlp --data x --task clasification", "Did you mean 'classification'?", DisplayName = "misspelled task")]
    [DataRow("train mlp --data x --out m.keras", "expected a name that ends in .onnx. onnxf convert makes a .keras file of it.", DisplayName = "another kind")]
    [DataRow("train mlp", "train needs --data", DisplayName = "no data named")]
    [DataRow("train --data x", "train needs MODEL", DisplayName = "no model named")]
    [DataRow("train --epoch 3 mlp --data x", "no option '--epoch' of train. Did you mean '--epochs'?", DisplayName = "unknown option before the model")]
    [DataRow("train mnist cnn --data x", "train takes MODEL, but also got 'cnn'.", DisplayName = "two models")]
    [DataRow("convert model.keras", "convert needs TARGET", DisplayName = "no target")]
    [DataRow("convert model.keras model.txt", "expected a name that ends in .onnx, .keras or .json", DisplayName = "a target of no kind")]
    [DataRow("convert a.keras a.onnx --opset 99", "--opset is 99; expected a whole number of at most 21.", DisplayName = "an opset to come")]
    [DataRow("prune a.onnx b.onnx --amount 1", "--amount is '1'; expected a share above 0 and below 1.", DisplayName = "all pruned")]
    [DataRow("predict m.onnx --data x --batch-size 0", "--batch-size is 0", DisplayName = "an empty batch")]
    [DataRow("new", "new needs NAME", DisplayName = "a project without a name")]
    [DataRow("new a*b", "NAME is 'a*b'; expected a name of letters", DisplayName = "a project of no name")]
    [DataRow("fly", "There is no command 'fly'. There are quickstart, new, train", DisplayName = "unknown command")]
    [DataRow("verfy m.onnx", "There is no command 'verfy'. Did you mean 'verify'?", DisplayName = "misspelled command")]
    [DataRow("summary m.onnx --jsn", "There is no option '--jsn' of summary. Did you mean '--json'?", DisplayName = "misspelled option for programs")]
    [DataRow("", "A command is missing.", DisplayName = "nothing")]
    public void Wrong_usage_is_told(string line, string expected)
    {
        var run = CommandRun.Of(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        run.Misused(expected);
        StringAssert.Contains(run.Error, "--help");
    }

    [TestMethod]
    [DataRow("--help")]
    [DataRow("--version")]
    [DataRow("train --help")]
    [DataRow("convert -h")]
    public void Help_is_no_error(string line) => Assert.AreNotEqual("", CommandRun.Of(line.Split(' ')).Succeeded().Output);

    [TestMethod]
    public void A_file_whose_name_begins_with_an_at_sign_is_a_file()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("@list"), "--help");
        CommandRun.Of("verify", "@" + folder.File("list")).Refused("There is no file '@");
    }

    [TestMethod]
    [DataRow("verfiy", "verify")]
    [DataRow("onvert", "convert")]
    [DataRow("BENCH", "bench")]
    [DataRow("xyz", null)]
    public void The_nearest_word_is_found(string word, string? expected) =>
        Assert.AreEqual(expected, Nearest.Of(word, ["quickstart", "train", "convert", "verify", "bench"]));

    [TestMethod]
    [DataRow("train cnm --data x", "There is no file 'cnm'; expected mlp, cnn or lstm, or a .keras, .onnx or JSON file. Did you mean 'cnn'?")]
    [DataRow("evaluate nothing.onnx --data x", "There is no file 'nothing.onnx'")]
    [DataRow("bench nothing.onnx", "There is no file 'nothing.onnx'")]
    public void Missing_files_are_errors_while_running(string line, string expected) => CommandRun.Of(line.Split(' ')).Refused(expected);
}
