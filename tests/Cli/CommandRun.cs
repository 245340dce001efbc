using System.Text.Json.Nodes;
using OnnxFunctional.Cli;

namespace OnnxFunctional.Tests.Cli;

/// <summary>A command run in this process: its exit code and what it wrote.</summary>
internal sealed record CommandRun(int Code, string Output, string Error)
{
    public static CommandRun Of(params string[] args)
    {
        var (previousOutput, previousError) = (Console.Out, Console.Error);
        using var output = new StringWriter();
        using var error = new StringWriter();
        try
        {
            Console.SetOut(output);
            Console.SetError(error);
            var code = CommandLine.Run(args).GetAwaiter().GetResult();
            return new CommandRun(code, output.ToString(), error.ToString());
        }
        finally
        {
            Console.SetOut(previousOutput);
            Console.SetError(previousError);
        }
    }

    /// <summary>Asserts success and an empty standard error.</summary>
    public CommandRun Succeeded()
    {
        Assert.AreEqual(0, Code, Error + Output);
        Assert.AreEqual("", Error);
        return this;
    }

    /// <summary>Asserts exit code 1, for an error while running, and a sentence without a stack trace that contains <paramref name="expected"/>.</summary>
    public CommandRun Refused(string expected) => Failed(1, expected);

    /// <summary>Asserts exit code 2, for wrong usage, a sentence on standard error that contains <paramref name="expected"/>, and an empty output.</summary>
    public CommandRun Misused(string expected)
    {
        Assert.AreEqual("", Output);
        return Failed(2, expected);
    }

    /// <summary>The one JSON object on standard output.</summary>
    public JsonObject Json()
    {
        Succeeded();
        return JsonNode.Parse(Output)!.AsObject();
    }

    private CommandRun Failed(int code, string expected)
    {
        Assert.AreEqual(code, Code, Error + Output);
        StringAssert.Contains(Error, expected);
        Assert.DoesNotContain("   at ", Error);
        Assert.DoesNotContain("Exception", Error);
        Assert.DoesNotContain("System.", Error);
        return this;
    }
}
