using System.Text.Json;
using Fota.TestKit;

namespace Fota.Cli.Tests;

public sealed class PackCommandTests
{
    private const string Program = "Fota.Cli";

    private string _folder = "";

    [SetUp]
    public void MakeFiles()
    {
        _folder = Directory.CreateTempSubdirectory("fota-cli-").FullName;
        byte[] image = SampleRelease.ImageOf("1.1.0", 200_000);
        File.WriteAllBytes(At("base"), [.. image[..70_000], .. "something that went"u8, .. image[70_000..]]);
        File.WriteAllBytes(At("image"), image);
    }

    [TearDown]
    public void RemoveFiles() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task A_full_pack_is_made_and_applied()
    {
        await RunAsync("table", At("image"), "-o", At("table"));
        ProgramRun made = await RunAsync("create", At("image"), "-o", At("pack"));
        ProgramRun applied = await RunAsync("apply", At("pack"), "--table", At("table"), "-o", At("out"));

        Assert.That(made.Output, Does.Match("^full pack: image [0-9a-f]{64}, [0-9]+ bytes for 200000 "));
        Assert.That(applied.Output, Does.StartWith("image: ").And.Contain(" 200000 bytes from a pack of "));
        Assert.That(await File.ReadAllBytesAsync(At("out")), Is.EqualTo(await File.ReadAllBytesAsync(At("image"))));
    }

    [Test]
    public async Task A_delta_pack_is_made_shown_and_applied()
    {
        await RunAsync("table", At("image"), "-o", At("table"));
        await RunAsync("delta", At("base"), At("image"), "-o", At("pack"));
        ProgramRun applied = await RunAsync("apply", At("pack"), "--table", At("table"), "--base", At("base"), "-o", At("out"));
        JsonElement shown = JsonSerializer.Deserialize<JsonElement>((await RunAsync("show", At("pack"))).Output);

        Assert.That(await File.ReadAllBytesAsync(At("out")), Is.EqualTo(await File.ReadAllBytesAsync(At("image"))));
        Assert.That(applied.Output, Does.Match(@"bytes of the base \([0-9.]+ for each\)"));
        Assert.That(shown.GetProperty("kind").GetString(), Is.EqualTo("delta"));
        Assert.That((shown.GetProperty("chunks").GetInt32(), shown.GetProperty("copies").GetInt32()), Is.EqualTo((4, 3)));
        Assert.That(shown.GetProperty("pack_size").GetInt64(), Is.EqualTo(new FileInfo(At("pack")).Length).And.LessThan(300));
    }

    [Test]
    public async Task A_microcontrollers_image_takes_smaller_chunks()
    {
        await RunAsync("table", At("image"), "-o", At("table"), "--chunk-size", "4096");
        await RunAsync("delta", At("base"), At("image"), "-o", At("pack"), "--chunk-size", "4096");
        await RunAsync("apply", At("pack"), "--table", At("table"), "--base", At("base"), "-o", At("out"));
        JsonElement shown = JsonSerializer.Deserialize<JsonElement>((await RunAsync("show", At("pack"))).Output);

        Assert.That(await File.ReadAllBytesAsync(At("out")), Is.EqualTo(await File.ReadAllBytesAsync(At("image"))));
        Assert.That(shown.GetProperty("profile").GetString(), Is.EqualTo("microcontroller"));
    }

    [Test]
    public async Task A30_Another_base_is_refused_by_name_and_leaves_no_file()
    {
        await RunAsync("table", At("image"), "-o", At("table"));
        await RunAsync("delta", At("base"), At("image"), "-o", At("pack"));
        byte[] other = await File.ReadAllBytesAsync(At("base"));
        other[^1] ^= 1;
        await File.WriteAllBytesAsync(At("base"), other);

        await RefusedAsync("BaseMismatch: delta pack: wanted base ", "apply", At("pack"), "--table", At("table"), "--base", At("base"), "-o", At("out"));
        Assert.That(Directory.GetFiles(_folder, "out*"), Is.Empty);
    }

    [Test]
    public async Task A26_A_table_of_another_image_refuses_the_first_chunk()
    {
        await RunAsync("create", At("image"), "-o", At("pack"));
        byte[] other = await File.ReadAllBytesAsync(At("image"));
        other[0] ^= 1;
        await File.WriteAllBytesAsync(At("other"), other);
        await RunAsync("table", At("other"), "-o", At("table"));

        await RefusedAsync("ChunkMismatch: chunk 0: ", "apply", At("pack"), "--table", At("table"), "-o", At("out"));
    }

    [Test]
    public async Task A_delta_without_its_base_says_what_is_missing()
    {
        await RunAsync("table", At("image"), "-o", At("table"));
        await RunAsync("delta", At("base"), At("image"), "-o", At("pack"));

        await RefusedAsync("BaseMismatch: delta pack: wanted base ", "apply", At("pack"), "--table", At("table"), "-o", At("out"));
    }

    [Test]
    public async Task What_is_no_pack_is_not_shown() => await RefusedAsync("PackMalformed: pack: wanted a full pack (FOTAPK02) or a delta pack (FOTADP01)", "show", At("image"));

    [Test]
    public async Task A_chunk_size_that_is_no_power_of_two_is_refused() =>
        await RefusedAsync("ValueOutOfRange: chunk size: wanted a power of two", "table", At("image"), "-o", At("table"), "--chunk-size", "5000");

    private static async Task<ProgramRun> RunAsync(params string[] arguments)
    {
        ProgramRun run = await ProgramRun.OfAsync(Program, ["pack", .. arguments]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        return run;
    }

    private static async Task RefusedAsync(string reason, params string[] arguments)
    {
        ProgramRun run = await ProgramRun.OfAsync(Program, ["pack", .. arguments]);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.ErrorLines, Has.Length.EqualTo(1).And.One.Contains(reason));
    }

    private string At(string name) => Path.Combine(_folder, name);
}
