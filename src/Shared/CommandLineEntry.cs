using System.CommandLine;
using System.Text.RegularExpressions;

namespace Fota.Shared;

/// <summary>
/// The one way in for every Fota program: a wrong argument gives one line and exit code 2, a failure one line and exit code 1,
/// and a stack trace never reaches the user. Compiled into each program, so that no project has to reference another for it.
/// </summary>
internal static partial class CommandLineEntry
{
    /// <summary>Exit code for arguments that could not be understood.</summary>
    public const int UsageError = 2;

    /// <summary>Exit code for a command that was understood and failed.</summary>
    public const int Failure = 1;

    /// <summary>What the parser says of .NET types means nothing to whoever typed the argument.</summary>
    [GeneratedRegex(" as expected type '[^']*'", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TypeName { get; }

    // A signature or a write that has begun is ended in good order after SIGTERM; the default of two seconds is too short on a busy machine.
    private static readonly TimeSpan s_terminationTimeout = TimeSpan.FromSeconds(30);

    // An argument that begins with '@' is a value as any other, not a file to read arguments from.
    private static readonly ParserConfiguration s_parsing = new() { ResponseFileTokenReplacer = null };

    // A word that nobody knows explains more than what is missing because of it.
    private static string Explain(ParseResult parsed) =>
        (parsed.Errors.FirstOrDefault(error => parsed.UnmatchedTokens.Any(token => error.Message.Contains($"'{token}'", StringComparison.Ordinal))) ?? parsed.Errors[0]).Message;

    /// <summary>Parses and runs <paramref name="root"/>; <paramref name="isExpected"/> names the exceptions whose message is meant for people.</summary>
    public static async Task<int> RunAsync(RootCommand root, string[] args, Func<Exception, bool> isExpected)
    {
        ParseResult parsed = root.Parse(args, s_parsing);
        if (parsed.Errors.Count > 0)
        {
            await Console.Error.WriteLineAsync($"{RootCommand.ExecutableName}: {Printable.Line(TypeName.Replace(Explain(parsed), ""))} See --help.");
            return UsageError;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = s_terminationTimeout });
        }
        catch (OperationCanceledException e) when (e.InnerException is not TimeoutException)
        {
            await Console.Error.WriteLineAsync($"{RootCommand.ExecutableName}: cancelled.");
            return Failure;
        }
        catch (Exception e)
        {
            // What is not expected is a defect: its type helps whoever reports it, its trace would only frighten whoever sees it.
            string text = isExpected(e) || e is IOException or UnauthorizedAccessException or OperationCanceledException ? e.Message : $"internal error: {e.GetType().Name}: {e.Message}";
            await Console.Error.WriteLineAsync($"{RootCommand.ExecutableName}: {Printable.Line(text)}");
            return Failure;
        }
    }
}
