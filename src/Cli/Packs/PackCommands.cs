using System.CommandLine;
using System.Globalization;
using Fota.Cli.Server;
using Fota.Manifest;
using Fota.Manifest.Packs;

namespace Fota.Cli.Packs;

/// <summary>`fota pack`: chunk tables and packs, made, applied and looked at offline; and the ones that the server makes.</summary>
internal static class PackCommands
{
    public static Command Create() => new("pack", "Make, apply and look at chunk tables and packs.")
    {
        CreateTable(), CreateFull(), CreateDelta(), CreateApply(), CreateShow(), CreateList(),
    };

    private static Command CreateTable()
    {
        Argument<FileInfo> image = Existing("IMAGE", "The image.");
        Option<string> output = OutputOption();
        Option<int> chunkSize = ChunkSize();
        Command command = new("table", "Writes an image's chunk table.") { image, output, chunkSize };
        command.SetAction(parsed =>
        {
            (ChunkTable table, Sha256Digest digest) = ImageFile.Measure(parsed.GetRequiredValue(image), parsed.GetValue(chunkSize));
            OutputFile.Write(parsed.GetRequiredValue(output), file => file.Write(table.Encode()));
            Output.Line(string.Create(CultureInfo.InvariantCulture, $"table: image {digest}, {table.ImageSize} bytes in {table.Count} chunks of {table.ChunkSize}"));
        });
        return command;
    }

    private static Command CreateFull()
    {
        Argument<FileInfo> image = Existing("IMAGE", "The image.");
        Option<string> output = OutputOption();
        Option<int> chunkSize = ChunkSize();
        Command command = new("create", "Compresses an image into a full pack.") { image, output, chunkSize };
        command.SetAction(async (parsed, cancellation) =>
        {
            FileInfo file = parsed.GetRequiredValue(image);
            (ChunkTable table, Sha256Digest digest) = ImageFile.Measure(file, parsed.GetValue(chunkSize));
            await using FileStream input = file.OpenRead();
            long size = await ProgressBar.RunAsync("compressing", table.Count, progress => OutputFile.Write(
                parsed.GetRequiredValue(output), pack => FullPackWriter.Write(input, table, digest, pack, progress: progress, cancellation: cancellation)));
            PrintMade("full pack", digest, size, table.ImageSize);
        });
        return command;
    }

    private static Command CreateDelta()
    {
        Argument<FileInfo> baseImage = Existing("BASE", "The image that devices have.");
        Argument<FileInfo> image = Existing("IMAGE", "The image that they are to get.");
        Option<string> output = OutputOption();
        Option<int> chunkSize = ChunkSize();
        Command command = new("delta", "Makes the delta pack that makes one image of another. The chunk size is that of the new image's table.") { baseImage, image, output, chunkSize };
        command.SetAction(async (parsed, cancellation) =>
        {
            int size = parsed.GetValue(chunkSize);
            (_, Sha256Digest baseDigest) = ImageFile.Measure(parsed.GetRequiredValue(baseImage), size);
            (ChunkTable table, Sha256Digest digest) = ImageFile.Measure(parsed.GetRequiredValue(image), size);
            using ImageFile from = new(parsed.GetRequiredValue(baseImage)), to = new(parsed.GetRequiredValue(image));
            long length = await ProgressBar.RunAsync("comparing", table.Count, progress => OutputFile.Write(
                parsed.GetRequiredValue(output),
                pack =>
                {
                    DeltaPackWriter.Write(new DigestedImage(from, baseDigest), new DigestedImage(to, digest), table, pack, progress: progress, cancellation: cancellation);

                    // A file that changed meanwhile, or a fault of the writer, shows here and not on a device.
                    PackUnpacking.Unpack(pack, table, from, Stream.Null, cancellation: cancellation).OrThrow();
                }));
            PrintMade("delta pack", digest, length, table.ImageSize);
        });
        return command;
    }

    private static Command CreateApply()
    {
        Argument<FileInfo> pack = Existing("PACK", "A full or a delta pack.");
        Option<FileInfo> table = new Option<FileInfo>("--table") { Description = "The image's chunk table. You vouch for it: every chunk is checked by it, and nothing else is believed.", Required = true }.AcceptExistingOnly();
        Option<FileInfo> baseImage = new Option<FileInfo>("--base") { Description = "The image that a delta pack is against." }.AcceptExistingOnly();
        Option<string> output = OutputOption();
        Command command = new("apply", "Makes the image of a pack, each chunk checked before it is written.") { pack, table, baseImage, output };
        command.SetAction(async (parsed, cancellation) =>
        {
            ChunkTable chunks = ChunkTable.Read(await File.ReadAllBytesAsync(parsed.GetRequiredValue(table).FullName, cancellation)).OrThrow();
            using ImageFile? from = parsed.GetValue(baseImage) is { } file ? new ImageFile(file) : null;
            await using FileStream packed = parsed.GetRequiredValue(pack).OpenRead();
            UnpackedImage? made = null;
            await ProgressBar.RunAsync("applying", chunks.Count, progress => OutputFile.Write(
                parsed.GetRequiredValue(output), image => made = PackUnpacking.Unpack(packed, chunks, from, image, progress, cancellation).OrThrow()));
            Output.Line(string.Create(
                CultureInfo.InvariantCulture,
                $"image: {made!.Digest}, {made.Size} bytes from a pack of {packed.Length} and {made.BaseBytesRead} bytes of the base ({(double)made.BaseBytesRead / made.Size:0.00} for each)"));
        });
        return command;
    }

    private static Command CreateShow()
    {
        Argument<FileInfo> pack = Existing("PACK", "A full or a delta pack.");
        Command command = new("show", "Prints what a pack says of itself, as JSON. Proves nothing.") { pack };
        command.SetAction(parsed =>
        {
            using FileStream packed = parsed.GetRequiredValue(pack).OpenRead();
            PackJson.Print(PackSummary.Read(packed).OrThrow());
        });
        return command;
    }

    private static Command CreateList()
    {
        Command command = new Command("list", "Lists the delta packs that the server makes for its fleet.").WithServer();
        command.SetAction(async (parsed, cancellation) => FleetCommands.Print(
            parsed,
            await ServerConnection.GetAsync(parsed, "api/v1/packs", cancellation),
            "product", "base_version", "version", "devices", "state", "size", "full_size", "detail"));
        return command;
    }

    private static void PrintMade(string what, Sha256Digest image, long size, long imageSize) => Output.Line(string.Create(
        CultureInfo.InvariantCulture, $"{what}: image {image}, {size} bytes for {imageSize} ({100.0 * size / imageSize:0.0} %)"));

    private static Argument<FileInfo> Existing(string name, string description) => new Argument<FileInfo>(name) { Description = description }.AcceptExistingOnly();

    private static Option<string> OutputOption() => new("--output", "-o") { HelpName = "FILE", Description = "Where it goes.", Required = true };

    private static Option<int> ChunkSize() => new("--chunk-size")
    {
        HelpName = "BYTES",
        Description = "A power of two from 4096 to 1048576, a multiple of the erase block; below 65536 the pack is for a microcontroller.",
        DefaultValueFactory = static _ => ChunkTable.LinuxChunkSize,
    };
}
