using System.Text.RegularExpressions;
using Fota.Interop.Cryptoki;
using Fota.TestKit;

namespace Fota.Interop.Tests.Recovering;

[TestFixture]
public sealed partial class RecoveryTableTests
{
    [GeneratedRegex(@"^\| `(?<row>[A-Za-z]+)` \| (?<codes>[^|]*) \|", RegexOptions.ExplicitCapture | RegexOptions.Multiline | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex DocumentedRow { get; }

    [Test]
    public void Documented_table_is_the_table_in_the_code()
    {
        string page = File.ReadAllText(RepositoryRoot.Path("docs/token-recovery.md"));
        IEnumerable<string> documented = DocumentedRow.Matches(page)
            .Where(static match => match.Groups["row"].Value != nameof(Recovery.Fatal))
            .SelectMany(static match => match.Groups["codes"].Value.Split(", ", StringSplitOptions.TrimEntries).Select(code => $"{match.Groups["row"].Value} CKR_{code}"));
        IEnumerable<string> listed = RecoveryTable.Listed.Where(static row => row.Value != Recovery.Success).Select(static row => $"{row.Value} {new ReturnValue(row.Key).Name}");
        Assert.That(documented, Is.EquivalentTo(listed));
    }

    [TestCase(0xA0UL, "CKR_PIN_INCORRECT", Recovery.NeverAgain)]
    [TestCase(0xB3UL, "CKR_SESSION_HANDLE_INVALID", Recovery.NewSession)]
    [TestCase(0x1B9UL, "CKR_PUBLIC_KEY_INVALID", Recovery.Fatal)]
    [TestCase(0x80000005UL, "CKR_VENDOR_DEFINED+0x5", Recovery.Fatal)]
    [TestCase(0x7777UL, "CKR_0x7777", Recovery.Fatal)]
    public void Return_value_has_a_name_and_a_recovery(ulong code, string name, Recovery recovery)
    {
        var value = new ReturnValue(code);
        Assert.That((value.Name, value.Recovery, value.ToString()), Is.EqualTo((name, recovery, name)));
    }

    [Test]
    public void Every_listed_code_has_a_name() =>
        Assert.That(RecoveryTable.Listed.Keys.Except(ReturnValue.NamedCodes), Is.Empty);
}
