using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Fota.Cli.Server;

/// <summary>`fota operator`: who may do what at the server, for administrators.</summary>
internal static class OperatorCommands
{
    private const string Path = "api/v1/operators";

    public static Command Create() => new("operator", "Say who may do what at the server.")
    {
        CreateList(),
        CreateAdd(),
        CreateRemove(),
        CreateDecisions(),
        new Command("token", "Make, take back and list tokens.") { CreateToken(), CreateRevoke(), CreateTokens() },
    };

    private static Argument<string> NameArgument() => new("NAME") { Description = "The person's name." };

    private static string PathOf(string name) => $"{Path}/{Uri.EscapeDataString(name)}";

    private static Command CreateList()
    {
        Command command = new Command("list", "Lists people, their roles, and what they are known by.").WithServer();
        command.SetAction(async (parsed, cancellation) =>
        {
            JsonElement people = await ServerConnection.GetAsync(parsed, Path, cancellation);
            if (parsed.GetValue(ServerConnection.AsJson))
            {
                Output.Json(people);
                return;
            }

            Output.Table(JsonSerializer.SerializeToElement(people.EnumerateArray().Select(static p => new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["name"] = p.GetProperty("name").GetString()!,
                ["roles"] = string.Join(' ', p.GetProperty("grants").EnumerateArray().Select(GrantText.Of)),
                ["known_by"] = string.Join("; ", Known(p)),
            })), "name", "roles", "known_by");
        });
        return command;
    }

    private static IEnumerable<string> Known(JsonElement person) =>
        person.GetProperty("certificate_subjects").EnumerateArray().Select(static s => s.GetString()!)
            .Concat(person.GetProperty("certificates").EnumerateArray().Select(static c => $"{c.GetProperty("serial").GetString()} of {c.GetProperty("issuer").GetString()}"))
            .Concat(person.GetProperty("oauth_subjects").EnumerateArray().Select(static s => $"oauth {s.GetString()}"));

    private static Command CreateAdd()
    {
        Argument<string> name = NameArgument();
        Option<string[]> roles = new("--role") { HelpName = "ROLE", Description = "viewer, operator, approver, publisher, administrator or auditor, with bounds or without: ROLE[:PRODUCT,...][@SITE,...]." };
        Option<string[]> subjects = new("--certificate-subject") { HelpName = "DN", Description = "Subject of their certificates, for example \"CN=anna, O=Example\"." };
        Option<FileInfo[]> certificates = new("--certificate") { HelpName = "FILE", Description = "One certificate of theirs (PEM), known by issuer and serial number." };
        Option<string[]> oauth = new("--oauth-subject") { HelpName = "SUBJECT", Description = "Who they are to the authorisation server." };
        Command command = new Command("add", "Makes somebody known, in place of all that was said of them before.") { name, roles, subjects, certificates, oauth }.WithServer();
        command.SetAction(async (parsed, cancellation) =>
        {
            Dictionary<string, object> request = new(StringComparer.Ordinal)
            {
                ["grants"] = (parsed.GetValue(roles) ?? []).Select(GrantText.Parse).ToArray(),
                ["certificate_subjects"] = parsed.GetValue(subjects) ?? [],
                ["certificates"] = (parsed.GetValue(certificates) ?? []).Select(Read).ToArray(),
                ["oauth_subjects"] = parsed.GetValue(oauth) ?? [],
            };
            Say(parsed, await ServerConnection.SendAsync(parsed, HttpMethod.Put, PathOf(parsed.GetRequiredValue(name)), request, cancellation), static p => $"{p.GetProperty("name").GetString()} is known");
        });
        return command;
    }

    private static Dictionary<string, string> Read(FileInfo file)
    {
        try
        {
            using X509Certificate2 certificate = X509Certificate2.CreateFromPem(File.ReadAllText(file.FullName));
            return new Dictionary<string, string>(StringComparer.Ordinal) { ["issuer"] = certificate.Issuer, ["serial"] = certificate.SerialNumber };
        }
        catch (CryptographicException)
        {
            throw new CommandFailedException($"{file}: wanted a certificate (PEM), got something else");
        }
    }

    private static Command CreateRemove()
    {
        Argument<string> name = NameArgument();
        Command command = new Command("remove", "Lets no credential speak for somebody any more.") { name }.WithServer();
        command.SetAction(async (parsed, cancellation) =>
            Say(parsed, await ServerConnection.SendAsync(parsed, HttpMethod.Delete, PathOf(parsed.GetRequiredValue(name)), null, cancellation), _ => $"{parsed.GetRequiredValue(name)} is removed"));
        return command;
    }

    private static Command CreateDecisions()
    {
        Command command = new Command("decisions", "Lists who gave what to whom, the newest first.").WithServer();
        command.SetAction(async (parsed, cancellation) => FleetCommands.Print(parsed, await ServerConnection.GetAsync(parsed, "api/v1/access-decisions", cancellation), "at", "by", "decision", "about", "detail"));
        return command;
    }

    private static Command CreateToken()
    {
        Argument<string> person = NameArgument();
        Option<string> name = new("--name") { HelpName = "TEXT", Description = "What it is for.", Required = true };
        Option<int?> days = new("--days") { HelpName = "N", Description = "How long it is good (default: 90; at most 366)." };
        Option<string[]> roles = new("--role") { HelpName = "ROLE", Description = "The only roles that it has (default: those of the person)." };
        Command command = new Command("create", "Makes a token, and prints it: now, and never again.") { person, name, days, roles }.WithServer();
        command.SetAction(async (parsed, cancellation) =>
        {
            Dictionary<string, object> request = new(StringComparer.Ordinal) { ["name"] = parsed.GetRequiredValue(name) };
            if (parsed.GetValue(days) is { } life)
            {
                request["days"] = life;
            }

            if (parsed.GetValue(roles) is { Length: > 0 } only)
            {
                request["roles"] = only;
            }

            // The token alone: it can go into a file as it is.
            Say(parsed, await ServerConnection.PostAsync(parsed, $"{PathOf(parsed.GetRequiredValue(person))}/tokens", request, cancellation), static t => t.GetProperty("token").GetString()!);
        });
        return command;
    }

    private static Command CreateRevoke()
    {
        Argument<string> person = NameArgument(), id = new("ID") { Description = "The token's id, as `token list` shows it." };
        Command command = new Command("revoke", "Takes a token back, at once and for good.") { person, id }.WithServer();
        command.SetAction(async (parsed, cancellation) => Say(
            parsed,
            await ServerConnection.SendAsync(parsed, HttpMethod.Delete, $"{PathOf(parsed.GetRequiredValue(person))}/tokens/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}", null, cancellation),
            _ => $"token {parsed.GetRequiredValue(id)} is worth nothing any more"));
        return command;
    }

    private static Command CreateTokens()
    {
        Argument<string> person = NameArgument();
        Command command = new Command("list", "Lists the tokens of a person.") { person }.WithServer();
        command.SetAction(async (parsed, cancellation) =>
            FleetCommands.Print(parsed, await ServerConnection.GetAsync(parsed, $"{PathOf(parsed.GetRequiredValue(person))}/tokens", cancellation), "id", "name", "roles", "created", "created_by", "expires", "revoked"));
        return command;
    }

    /// <summary>Prints what the server answered, or for people one line; no content is an empty object.</summary>
    public static void Say(ParseResult parsed, JsonElement answer, Func<JsonElement, string> line)
    {
        if (parsed.GetValue(ServerConnection.AsJson))
        {
            Output.Json(answer);
        }
        else
        {
            Output.Line(line(answer));
        }
    }
}
