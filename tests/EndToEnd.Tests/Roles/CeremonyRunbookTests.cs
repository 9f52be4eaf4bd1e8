using Fota.TestKit;

namespace Fota.EndToEnd.Tests.Roles;

/// <summary>
/// The runbooks of ceremonies, rehearsed against SoftHSM: the first page makes the home, by its own commands, that each of the others then begins with.
/// </summary>
public sealed class CeremonyRunbookTests
{
    private const string Mark = "@@@@";

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(8);

    private SignerSite _site = null!;
    private Page _creation = null!;
    private ProgramRun _created = null!;

    [OneTimeSetUp]
    public async Task CreateTheRoot()
    {
        _site = new SignerSite();
        File.Copy(SignerSite.Plan, _site.Path("ceremony.yaml"));
        _creation = Page.Read("create-root");
        _created = await RunAsync(_site, _creation);
        if (_created.ExitCode == 0)
        {
            await _site.ReleaseAsync("1.0.0");
        }
    }

    [OneTimeTearDown]
    public void Remove() => _site.Dispose();

    [Test]
    [Proves("H-14")]
    public void Runbook_on_creating_the_root_does_what_it_says() => DoesWhatItSays(_creation, _created);

    [TestCase("rotate-root", "root-4")]
    [TestCase("change-product-key", "approver-2", Category = "Full")]
    [TestCase("change-threshold", "root-4", Category = "Full")]
    [TestCase("recover-lost-key", "targets-2", Category = "Full")]
    [TestCase("recover-stolen-key", "online-2")]
    [Proves("H-14")]
    public async Task Runbook_on_a_change_does_what_it_says(string name, string token)
    {
        Page page = Page.Read(name);
        using SignerSite site = _site.Copy();
        site.WritePins(token);
        await site.RunAsync("approval", "home", "--home", site.Path("keyholder"), "--root", Path.Combine(site.Repository, "metadata/1.root.json"), "--settings", Path.Combine(site.Home, "signer.json"));
        DoesWhatItSays(page, await RunAsync(site, page));
    }

    private static Task<ProgramRun> RunAsync(SignerSite site, Page page)
    {
        string script = $"set -euo pipefail\ncd '{site.Path("")}'\nH='{site.Home}'\nP='{site.Path("pins")}'\nK='{site.Path("keyholder")}'\n" + string.Concat(page.Commands.Select(static command => $"{command}echo {Mark}\n"));
        return ProgramRun.OfFileAsync("/bin/bash", site.Environment, s_patience, "-c", script);
    }

    private static void DoesWhatItSays(Page page, ProgramRun run)
    {
        Assert.That(page.Commands, Has.Count.EqualTo(page.Expected.Count).And.Count.GreaterThan(2), "each block of commands is followed by what it prints");
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")), run.Output);
        string[] printed = run.Output.Split(Mark + "\n");
        for (int i = 0; i < page.Commands.Count; i++)
        {
            Assert.That(printed[i], Does.Match(RunbookTests.Pattern(page.Expected[i])), page.Commands[i]);
        }
    }

    private sealed record Page(List<string> Commands, List<string> Expected)
    {
        public static Page Read(string name)
        {
            string[] lines = File.ReadAllLines(RepositoryRoot.Path("docs", "runbooks", name + ".md"));
            return new Page(RunbookTests.Blocks(lines, "sh"), RunbookTests.Blocks(lines, "text"));
        }
    }
}
