using System.Text;
using System.Text.RegularExpressions;
using Fota.TestKit;

namespace Fota.EndToEnd.Tests.Roles;

/// <summary>A runbook is what its commands do: they are run as they stand there, and what they print is what it says.</summary>
public sealed class RunbookTests
{
    private const string Mark = "@@@@";

    [Test]
    [Category("Full")]
    public async Task Runbook_on_rotating_keys_does_what_it_says()
    {
        using SignerSite site = await SignerSite.CreateAsync();
        await site.ReleaseAsync("1.0.0");
        foreach (string token in new[] { "root-4", "approver-2", "online-2" })
        {
            site.WritePins(token);
        }

        await DoesWhatItSaysAsync(site, "rotate-keys", atLeast: 9);
    }

    [Test]
    [Proves("L-23")]
    public async Task A49_Runbook_on_a_damaged_log_does_what_it_says()
    {
        using SignerSite site = await SignerSite.CreateAsync();
        await site.ReleaseAsync("1.0.0");
        string log = site.Path("home/log");
        string Newest(string tiles) => Directory.GetFiles(Path.Combine(log, tiles)).MaxBy(static tile => int.Parse(Path.GetFileName(tile), System.Globalization.CultureInfo.InvariantCulture))!;
        byte[] lost = await File.ReadAllBytesAsync(Newest("tile/0/000.p"));
        File.Delete(Newest("tile/0/000.p"));
        await DoesWhatItSaysAsync(site, "damaged-log", atLeast: 4);
        Assert.That((await File.ReadAllBytesAsync(Newest("tile/0/000.p"))).AsSpan().StartsWith(lost), Is.True, "the log is the one of before, grown");
    }

    private static async Task DoesWhatItSaysAsync(SignerSite site, string page, int atLeast)
    {
        string[] lines = await File.ReadAllLinesAsync(RepositoryRoot.Path("docs", "runbooks", page + ".md"));
        (List<string> commands, List<string> expected) = (Blocks(lines, "sh"), Blocks(lines, "text"));
        Assert.That(commands, Has.Count.EqualTo(expected.Count).And.Count.AtLeast(atLeast), "each block of commands is followed by what it prints");
        string script = $"set -euo pipefail\ncd '{site.Path("pins")}'\nH='{site.Home}'\nP=.\n" + string.Concat(commands.Select(static command => $"{command}echo {Mark}\n"));
        ProgramRun run = await ProgramRun.OfFileAsync("/bin/bash", site.Environment, TimeSpan.FromMinutes(8), "-c", script);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")), run.Output);

        string[] printed = run.Output.Split(Mark + "\n");
        for (int i = 0; i < commands.Count; i++)
        {
            Assert.That(printed[i], Does.Match(Pattern(expected[i])), commands[i]);
        }
    }

    internal static List<string> Blocks(string[] lines, string kind)
    {
        List<string> blocks = [];
        StringBuilder? block = null;
        foreach (string line in lines)
        {
            if (block is null)
            {
                block = line == "```" + kind ? new StringBuilder() : null;
            }
            else if (line == "```")
            {
                blocks.Add(block.ToString());
                block = null;
            }
            else
            {
                block.Append(line).Append('\n');
            }
        }

        return blocks;
    }

    /// <summary>An ellipsis stands for anything on its line.</summary>
    internal static string Pattern(string expected) => $"^{Regex.Escape(expected).Replace("…", "[^\n]*", StringComparison.Ordinal)}$";
}
