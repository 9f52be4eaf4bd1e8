namespace Fota.Signer.Tests;

/// <summary>What came of a command.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>The value that the command printed as "name: value".</summary>
    public string Value(string name) => Output.Split('\n').Single(line => line.StartsWith(name + ": ", StringComparison.Ordinal))[(name.Length + 2)..];

    /// <summary>Asserts that it succeeded.</summary>
    public CommandResult Ok()
    {
        Assert.That(ExitCode, Is.Zero, Error);
        return this;
    }

    /// <summary>Asserts that it failed, with this in its one line.</summary>
    public void Refused(string reason)
    {
        Assert.That(Error.TrimEnd('\n'), Does.Contain(reason).And.Not.Contains("\n"));
        Assert.That(ExitCode, Is.EqualTo(1));
    }

    /// <summary>Asserts that it did not begin, as its arguments were wrong.</summary>
    public void WasUsedWrongly(string message) => Assert.That((ExitCode, Error), Is.EqualTo((2, message)));
}
