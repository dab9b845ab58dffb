//! The press: one layout, one struct, one PDF. Knows Typst, and nothing of what the papers say.

use crate::letters;
use serde::Serialize;
use std::sync::LazyLock;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Feature, Library, LibraryExt, World, WorldExt};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

/// A paper the school prints, and the layout that draws it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// What people call the paper.
    pub name: &'static str,
    /// File of the layout, from the root of the layouts.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// What every layout imports: page, head, foot, tables, and how a school's own words are set.
const HOUSE: Layout = Layout { name: "house style", path: "/house.typ", text: include_str!("../layouts/house.typ") };

/// The typefaces `house.typ` names, in its order.
const HOUSE_TYPEFACES: [&str; 2] = ["Libertinus Serif", "DejaVu Sans Mono"];

/// Where a layout finds its struct, as JSON: strings there are data and never markup.
const DATA: &str = "/paper.json";

/// Why nothing was printed. None of these carries a word of the paper, which may name children.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrintError {
    /// A layout asked for something its struct does not have, or Typst could not place it.
    #[error(
        "the {paper} could not be laid out, `{layout}` line {line} failed: nothing is lost, read it on the page and tell whoever looks after Belisha this line"
    )]
    Layout {
        /// What people call the paper.
        paper: &'static str,
        /// Layout file.
        layout: String,
        /// Line of it, from 1; 0 where Typst names none.
        line: usize,
    },
    /// The laid-out pages could not be written as PDF.
    #[error(
        "the {paper} was laid out but could not be written as a file: nothing is lost, read it on the page and tell whoever looks after Belisha"
    )]
    Writing {
        /// What people call the paper.
        paper: &'static str,
    },
}

/// Prints a struct by a layout, as PDF/UA-1; should a text ever defeat that standard's checks, the same pages tagged
/// but without its claim, because a safeguarding lead has to be able to print a case.
///
/// # Errors
/// [`PrintError`], when the layout itself is wrong.
pub(crate) fn print<T: Serialize>(layout: Layout, paper: &T) -> Result<Vec<u8>, PrintError> {
    let mut data = serde_json::to_value(paper).map_err(|_| PrintError::Writing { paper: layout.name })?;
    letters::keep_printable(&mut data);
    let press = Press::set(layout, data.to_string().into_bytes()).ok_or(PrintError::Writing { paper: layout.name })?;
    let laid_out = typst::compile::<PagedDocument>(&press).output.map_err(|errors| press.layout_error(layout, &errors));
    let written = laid_out.and_then(|document| write(&document).ok_or(PrintError::Writing { paper: layout.name }));
    // Typst remembers what it laid out. A child's case must not stay in memory for the next print.
    typst::comemo::evict(0);
    written
}

fn write(document: &PagedDocument) -> Option<Vec<u8>> {
    let accessible = PdfStandards::new(&[PdfStandard::Ua_1]).ok()?;
    let options =
        |standards| PdfOptions { standards, creator: Smart::Custom(Some("Belisha".into())), ..PdfOptions::default() };
    match typst_pdf::pdf(document, &options(accessible)) {
        Ok(bytes) => Some(bytes),
        Err(_errors) => {
            #[cfg(test)]
            eprintln!("not PDF/UA-1: {_errors:?}");
            typst_pdf::pdf(document, &options(PdfStandards::default())).ok()
        }
    }
}

/// The typefaces in the program; none is looked for on the machine, so that a paper looks alike everywhere.
static FONTS: LazyLock<Vec<Font>> =
    LazyLock::new(|| typst_assets::fonts().flat_map(|bytes| Font::iter(Bytes::new(bytes))).collect());

static BOOK: LazyLock<LazyHash<FontBook>> = LazyLock::new(|| LazyHash::new(FontBook::from_fonts(FONTS.iter())));

/// Typst's own functions, with the marks for header cells that screen readers need.
static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| {
    LazyHash::new(Library::builder().with_features([Feature::A11yExtras].into_iter().collect()).build())
});

/// Every character that some typeface draws; Typst finds it whichever that is.
pub(crate) fn drawable() -> impl Iterator<Item = char> {
    FONTS.iter().flat_map(|font| font.info().coverage.iter()).filter_map(char::from_u32)
}

/// Whether a letter and its marks can be drawn as one. Typst looks for a cluster only in the typefaces the house style names.
pub(crate) fn can_draw_together(characters: impl Iterator<Item = char> + Clone) -> bool {
    FONTS
        .iter()
        .filter(|font| HOUSE_TYPEFACES.contains(&font.info().family.as_str()))
        .any(|font| characters.clone().all(|character| font.info().coverage.contains(character as u32)))
}

/// The world Typst sees: one layout, the house style, one struct, the typefaces. No disk, no network, no clock.
struct Press {
    main: Source,
    house: Source,
    data_id: FileId,
    data: Bytes,
}

impl Press {
    fn set(layout: Layout, data: Vec<u8>) -> Option<Self> {
        Some(Self {
            main: Source::new(file_id(layout.path)?, layout.text.into()),
            house: Source::new(file_id(HOUSE.path)?, HOUSE.text.into()),
            data_id: file_id(DATA)?,
            data: Bytes::new(data),
        })
    }

    fn layout_error(&self, layout: Layout, errors: &[SourceDiagnostic]) -> PrintError {
        #[cfg(test)]
        eprintln!("{errors:?}");
        let place = errors.iter().find_map(|error| {
            let source = self.source(error.span.id()?).ok()?;
            let line = source.lines().byte_to_line(self.range(error.span)?.start)?;
            Some((source.id().get().vpath().get_with_slash().to_string(), line + 1))
        });
        let (file, line) = place.unwrap_or((layout.path.to_string(), 0));
        PrintError::Layout { paper: layout.name, layout: file, line }
    }
}

fn file_id(path: &str) -> Option<FileId> {
    Some(RootedPath::new(VirtualRoot::Project, VirtualPath::new(path).ok()?).intern())
}

impl World for Press {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &BOOK
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        [&self.main, &self.house].into_iter().find(|source| source.id() == id).cloned().ok_or(FileError::AccessDenied)
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.data_id { Ok(self.data.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn font(&self, index: usize) -> Option<Font> {
        FONTS.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
