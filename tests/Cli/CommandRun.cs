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

    /// <summary>Asserts exit code 1 and a sentence without a stack trace that contains <paramref name="expected"/>.</summary>
    public void Refused(string expected)
    {
        Assert.AreEqual(1, Code, Error + Output);
        StringAssert.Contains(Error, expected);
        Assert.DoesNotContain("   at ", Error);
        Assert.DoesNotContain("Exception", Error);
    }
}
