package sharing

import (
	"strconv"

	"github.com/mailconnector/mailconnector/permissions"
)

// Operation is what profiles permit, by the CRM's own number.
type Operation uint8

// The operations a profile can list.
const (
	Save        Operation = 0
	EditView    Operation = 1 // create and edit, quick create and in-place editing included
	Delete      Operation = 2
	Index       Operation = 3 // the list and the picker
	DetailView  Operation = 4
	Import      Operation = 5
	Export      Operation = 6
	Merge       Operation = 8
	ConvertLead Operation = 9
	Duplicates  Operation = 10
)

// Unnumbered stands for every action of the CRM that profiles cannot list: whoever may open the entity type may do it.
const Unnumbered Operation = 11

const operations = 12 // one more than the greatest Operation

// String returns the CRM's name of the operation.
func (o Operation) String() string {
	switch o {
	case Save:
		return "Save"
	case EditView:
		return "EditView"
	case Delete:
		return "Delete"
	case Index:
		return "index"
	case DetailView:
		return "DetailView"
	case Import:
		return "Import"
	case Export:
		return "Export"
	case Merge:
		return "Merge"
	case ConvertLead:
		return "ConvertLead"
	case Duplicates:
		return "DuplicatesHandling"
	case Unnumbered:
		return "unnumbered action"
	}
	return "operation " + strconv.Itoa(int(o))
}

func (o Operation) edits() bool { return o == Save || o == EditView }

func (o Operation) views() bool { return o == Index || o == DetailView }

// operationOf returns the operation an action asks for on the record itself.
func operationOf(a permissions.Action) (Operation, bool) {
	switch a {
	case permissions.View, permissions.Link:
		return DetailView, true
	case permissions.Edit, permissions.Create:
		return EditView, true
	case permissions.Delete:
		return Delete, true
	}
	return 0, false
}
